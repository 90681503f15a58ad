package io.weir.dataplane.wire;

/**
 * A VXLAN header.
 *
 * @param vni network identifier, 0 to 16777215
 */
public record VxlanHeader(int vni) {
    public VxlanHeader {
        if (vni >>> 24 != 0) {
            throw new IllegalArgumentException("a VXLAN network identifier has 24 bits: " + vni);
        }
    }

    public static VxlanHeader parse(VxlanFlyweight flyweight) {
        return new VxlanHeader(flyweight.vni());
    }

    /** Writes {@link VxlanFlyweight#HEADER_LENGTH} bytes. */
    public void emit(VxlanFlyweight flyweight) {
        flyweight.vni(vni);
    }
}
