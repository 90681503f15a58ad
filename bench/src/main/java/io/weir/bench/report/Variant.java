package io.weir.bench.report;

/**
 * What distinguishes the measurements of one scenario.
 *
 * @param flows    different flows or connections
 * @param packets  bytes of a frame without its check sequence as text ({@code 64}), {@code imix}, or other words
 * @param ipv6     IPv6 instead of IPv4
 * @param protocol {@code udp} or {@code tcp}
 * @param workers  threads that forward
 * @param detail   anything else, in a few words; empty when there is nothing
 */
public record Variant(int flows, String packets, boolean ipv6, String protocol, int workers, String detail) {
    /** Smallest packets of UDP over IPv4 through one worker. */
    public static Variant flows(int flows) {
        return new Variant(flows, "64", false, "udp", 1, "");
    }

    public Variant withPackets(String other) {
        return new Variant(flows, other, ipv6, protocol, workers, detail);
    }

    public Variant withIpv6(boolean other) {
        return new Variant(flows, packets, other, protocol, workers, detail);
    }

    public Variant withProtocol(String other) {
        return new Variant(flows, packets, ipv6, other, workers, detail);
    }

    public Variant withWorkers(int other) {
        return new Variant(flows, packets, ipv6, protocol, other, detail);
    }

    public Variant withDetail(String other) {
        return new Variant(flows, packets, ipv6, protocol, workers, other);
    }

    /** In one line: {@code 1,000 flows, 64 bytes, IPv4 UDP, 1 worker}. */
    public String text() {
        final StringBuilder text = new StringBuilder();
        text.append("%,d flow%s, ".formatted(flows, flows == 1 ? "" : "s"));
        final boolean isSize = packets.chars().allMatch(Character::isDigit);
        text.append(packets.equals("imix") ? "IMIX" : isSize ? packets + " bytes" : packets);
        text.append(ipv6 ? ", IPv6 " : ", IPv4 ").append(protocol.toUpperCase(java.util.Locale.ROOT));
        text.append(", ").append(workers).append(workers == 1 ? " worker" : " workers");
        return detail.isEmpty()
                ? text.toString()
                : text.append(", ").append(detail).toString();
    }
}
