package io.weir.conntrack;

import java.time.Duration;
import java.util.Map;

/**
 * What the operator wants of connection tracking.
 *
 * @param capacity          most connections at a time, 1024 to {@link #MAX_CAPACITY}; about 212 bytes of memory each. It
 *                          cannot change while weir runs
 * @param timeouts          how long a silent connection is kept
 * @param tcpLiberal        do not check TCP windows (Linux: nf_conntrack_tcp_be_liberal)
 * @param tcpLoose          adopt a TCP connection whose beginning was not seen (Linux: nf_conntrack_tcp_loose)
 * @param zones             zone (0 to 65535) by ingress scope; a scope without an entry is in zone 0. Connections of
 *                          different zones never meet, so that their addresses may overlap
 * @param fragmentDatagrams datagrams whose fragments are followed at a time
 * @param fragmentFrames    frames that wait for the first fragment of their datagram, 2 KiB each
 * @param fragmentTimeout   how long a datagram's fragments are followed
 */
public record ConntrackSpec(
        int capacity,
        ConntrackTimeouts timeouts,
        boolean tcpLiberal,
        boolean tcpLoose,
        Map<Integer, Integer> zones,
        int fragmentDatagrams,
        int fragmentFrames,
        Duration fragmentTimeout) {

    public static final int MAX_CAPACITY = 1 << 24;

    /** One million connections, Linux's timeouts, strict windows, mid-stream pick-up as Linux does it. */
    public static final ConntrackSpec DEFAULT = new ConntrackSpec(
            1 << 20, ConntrackTimeouts.LINUX, false, true, Map.of(), 4096, 4096, Duration.ofSeconds(30));

    /** @throws IllegalArgumentException when a value is out of its range */
    public ConntrackSpec {
        zones = Map.copyOf(zones);
        requireRange("capacity", capacity, 1024, MAX_CAPACITY);
        requireRange("fragmentDatagrams", fragmentDatagrams, 16, 1 << 20);
        requireRange("fragmentFrames", fragmentFrames, 16, 1 << 20);
        zones.forEach((scope, zone) -> {
            requireRange("zone's scope", scope, 0, 65535);
            requireRange("zone", zone, 0, 65535);
        });
        if (fragmentTimeout.compareTo(Duration.ofMillis(100)) < 0
                || fragmentTimeout.compareTo(Duration.ofMinutes(5)) > 0) {
            throw new IllegalArgumentException("fragmentTimeout " + fragmentTimeout + " is outside of 0.1 s to 5 min");
        }
    }

    private static void requireRange(String name, int value, int low, int high) {
        if (value < low || value > high) {
            throw new IllegalArgumentException(name + " " + value + " is outside of " + low + " to " + high);
        }
    }

    public ConntrackSpec withCapacity(int newCapacity) {
        return new ConntrackSpec(
                newCapacity, timeouts, tcpLiberal, tcpLoose, zones, fragmentDatagrams, fragmentFrames, fragmentTimeout);
    }

    public ConntrackSpec withTimeouts(ConntrackTimeouts newTimeouts) {
        return new ConntrackSpec(
                capacity, newTimeouts, tcpLiberal, tcpLoose, zones, fragmentDatagrams, fragmentFrames, fragmentTimeout);
    }

    public ConntrackSpec withTcp(boolean liberal, boolean loose) {
        return new ConntrackSpec(
                capacity, timeouts, liberal, loose, zones, fragmentDatagrams, fragmentFrames, fragmentTimeout);
    }

    public ConntrackSpec withZones(Map<Integer, Integer> newZones) {
        return new ConntrackSpec(
                capacity, timeouts, tcpLiberal, tcpLoose, newZones, fragmentDatagrams, fragmentFrames, fragmentTimeout);
    }
}
