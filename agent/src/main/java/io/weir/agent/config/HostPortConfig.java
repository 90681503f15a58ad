package io.weir.agent.config;

/** Section {@code ports.host}. */
public record HostPortConfig(
        @Setting(value = "Whether pods and the node reach each other through weir.", byDefault = "true")
        boolean enabled,

        @Setting(value = "Name of the TAP device in the node's namespace, at most 15 characters.", byDefault = "weir0")
        String device) {
    public HostPortConfig {
        if (device.isEmpty() || device.length() > 15) {
            throw new IllegalArgumentException(
                    "device '" + device + "' has " + device.length() + " characters; Linux allows 1 to 15");
        }
    }
}
