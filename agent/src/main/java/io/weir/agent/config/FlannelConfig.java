package io.weir.agent.config;

/** Section {@code flannel}. */
public record FlannelConfig(
        @Setting(value = "Take part in a flannel network.", byDefault = "false")
        boolean enabled) {}
