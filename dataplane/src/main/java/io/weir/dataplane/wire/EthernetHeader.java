package io.weir.dataplane.wire;

/**
 * An Ethernet II header.
 *
 * @param type an {@link EtherType}
 */
public record EthernetHeader(MacAddress source, MacAddress destination, int type) {
    public static EthernetHeader parse(EthernetFlyweight flyweight) {
        return new EthernetHeader(
                new MacAddress(flyweight.source()), new MacAddress(flyweight.destination()), flyweight.type());
    }

    /** Writes {@link EthernetFlyweight#HEADER_LENGTH} bytes. */
    public void emit(EthernetFlyweight flyweight) {
        flyweight.source(source.bits()).destination(destination.bits()).type(type);
    }
}
