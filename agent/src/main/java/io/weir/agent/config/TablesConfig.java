package io.weir.agent.config;

import io.weir.conntrack.ConntrackSpec;

/** Section {@code tables}. */
public record TablesConfig(
        @Setting(value = "Flows that each worker remembers.", byDefault = "131072", min = 1024, max = 1 << 27)
        int flows,

        @Setting(
                value = "Connections of the whole node.",
                byDefault = "1000000",
                min = 1024,
                max = ConntrackSpec.MAX_CAPACITY)
        int connections,

        @Setting(value = "Fragmented datagrams followed at a time.", byDefault = "4096", min = 16, max = 1 << 20)
        int fragments,

        @Setting(value = "Ports: pods, uplinks and the host.", byDefault = "1024", min = 8, max = 32767)
        int ports,

        @Setting(
                value = "Next hops that packets are handed to: pods, nodes, neighbours on the links.",
                byDefault = "65536",
                min = 64,
                max = 1 << 24)
        int neighbours,

        @Setting(value = "Packets that each worker holds at a time.", byDefault = "4096", min = 512, max = 1 << 20)
        int packets,

        @Setting(
                value = "Packets of up to 64 KiB that each worker holds at a time.",
                byDefault = "256",
                min = 16,
                max = 1 << 16)
        int bigPackets,

        @Setting(
                value = "Things that a remembered flow can depend on: routes, endpoints, Services.",
                byDefault = "2097152",
                min = 1024,
                max = 1 << 28)
        int versionSlots) {}
