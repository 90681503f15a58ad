package io.weir.agent.config;

/** Section {@code tables}. */
public record TablesConfig(
        @Setting(value = "Flows that each worker remembers.", byDefault = "131072", min = 1024, max = 1 << 27)
        int flows,

        @Setting(value = "Connections of the whole node.", byDefault = "1000000", min = 1024, max = 1 << 27)
        int connections,

        @Setting(value = "Fragmented datagrams followed at a time.", byDefault = "4096", min = 16, max = 1 << 20)
        int fragments,

        @Setting(value = "Routes.", byDefault = "1000000", min = 64, max = 1 << 24)
        int routes,

        @Setting(value = "Neighbours on the uplinks.", byDefault = "4096", min = 16, max = 1 << 20)
        int neighbours,

        @Setting(value = "Packets in memory at a time.", byDefault = "8192", min = 512, max = 1 << 20)
        int packets,

        @Setting(
                value = "Things that a remembered flow can depend on: routes, endpoints, Services.",
                byDefault = "2097152",
                min = 1024,
                max = 1 << 28)
        int versionSlots) {}
