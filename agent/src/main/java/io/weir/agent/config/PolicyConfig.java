package io.weir.agent.config;

/** Section {@code policy}. */
public record PolicyConfig(
        @Setting(value = "What a pod learns about its denied packets: drop (nothing) or reject.", byDefault = "drop")
        DeniedEgress deniedEgress) {}
