package io.weir.tools.inspect;

import io.weir.agent.simulation.Explainer;
import io.weir.agent.simulation.Probe;
import io.weir.dataplane.packet.PacketParser;
import io.weir.dataplane.wire.IpAddress;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/**
 * A question to {@code weir explain} as a person writes it.
 *
 * @param from {@code namespace/pod} or an address
 * @param to   {@code namespace/pod} or an address
 * @param port {@code 80/tcp}, {@code 53/udp}, {@code 3868/sctp} or {@code icmp}
 */
record Question(String from, String to, String port) {
    private static final Map<String, Integer> PROTOCOLS = Map.of(
            "tcp", PacketParser.PROTOCOL_TCP, "udp", PacketParser.PROTOCOL_UDP, "sctp", PacketParser.PROTOCOL_SCTP);

    /**
     * The packet that is meant.
     *
     * @param sourcePort of the connection
     * @throws IllegalArgumentException when a pod is not known, or something is no address or port; says what to write
     */
    Probe probe(Explainer explainer, int sourcePort) {
        final List<IpAddress> sources = addresses(explainer, from, "from");
        final List<IpAddress> destinations = addresses(explainer, to, "to");
        for (final IpAddress destination : destinations) {
            for (final IpAddress source : sources) {
                if (source.isIpv4() == destination.isIpv4()) {
                    return probe(source, destination, sourcePort);
                }
            }
        }
        throw new IllegalArgumentException(
                from + " and " + to + " have no address family in common: " + sources + " and " + destinations);
    }

    private Probe probe(IpAddress source, IpAddress destination, int sourcePort) {
        final String text = port.toLowerCase(Locale.ROOT);
        if (text.equals("icmp") || text.equals("icmpv6")) {
            final int icmp = source.isIpv4() ? PacketParser.PROTOCOL_ICMP : PacketParser.PROTOCOL_ICMPV6;
            return new Probe(source, destination, icmp, sourcePort, 0);
        }
        final int slash = text.indexOf('/');
        final Integer protocol = PROTOCOLS.get(slash < 0 ? "tcp" : text.substring(slash + 1));
        final int number = number(slash < 0 ? text : text.substring(0, slash));
        if (protocol == null || number < 0) {
            throw new IllegalArgumentException("'" + port + "' is no port; write 80/tcp, 53/udp, 3868/sctp or icmp");
        }
        return new Probe(source, destination, protocol, sourcePort, number);
    }

    private static int number(String text) {
        try {
            final int number = Integer.parseInt(text);
            return number <= 65_535 ? number : -1;
        } catch (final NumberFormatException e) {
            return -1;
        }
    }

    private static List<IpAddress> addresses(Explainer explainer, String who, String side) {
        final List<IpAddress> known = Stream.of(who, "default/" + who)
                .map(explainer::addressesOf)
                .filter(found -> !found.isEmpty())
                .findFirst()
                .orElse(List.of());
        if (!known.isEmpty()) {
            return known;
        }
        try {
            return List.of(IpAddress.parse(who));
        } catch (final IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "'" + side + "' is '" + who
                            + "', which is neither an address nor a pod with one in the configuration"
                            + "; write namespace/pod or an IP address",
                    e);
        }
    }
}
