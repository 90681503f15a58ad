package io.weir.agent.config;

import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import io.weir.dataplane.wire.MacAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The text form of every simple type that a setting can have, both ways. */
final class Scalars {
    private static final Pattern DURATION = Pattern.compile("(\\d{1,12})(ms|s|m|h|d)");

    private Scalars() {}

    static boolean isScalar(Class<?> type) {
        return type == String.class
                || type == int.class
                || type == Integer.class
                || type == long.class
                || type == Long.class
                || type == boolean.class
                || type == Duration.class
                || type == IpAddress.class
                || type == IpPrefix.class
                || type == MacAddress.class
                || type == InterfaceAddress.class
                || type == PortRange.class
                || type.isEnum();
    }

    /** What a person has to write, for messages and the reference. */
    static String typeName(Class<?> type) {
        if (type.isEnum()) {
            return String.join(" or ", labels(type));
        }
        return switch (type.getSimpleName()) {
            case "String" -> "text";
            case "int", "Integer", "long", "Long" -> "a whole number";
            case "boolean" -> "true or false";
            case "Duration" -> "a duration like 500ms, 30s, 5m, 24h or 5d";
            case "IpAddress" -> "an IPv4 or IPv6 address";
            case "IpPrefix" -> "a range like 10.244.0.0/16 or fd00::/64";
            case "MacAddress" -> "an Ethernet address like 02:00:00:00:00:01";
            case "InterfaceAddress" -> "an address with its prefix length, like 192.168.0.2/24";
            case "PortRange" -> "a range of ports like 30000-32767";
            default -> type.getSimpleName();
        };
    }

    /**
     * Reads a value of a type.
     *
     * @param value text, or a number or boolean as YAML has it
     * @return null when the value is not of the type
     */
    static @Nullable Object parse(Class<?> type, Object value) {
        final String text = value.toString();
        try {
            if (type == String.class) {
                return text;
            } else if (type == int.class || type == Integer.class) {
                return Integer.valueOf(text);
            } else if (type == long.class || type == Long.class) {
                return Long.valueOf(text);
            } else if (type == boolean.class) {
                return "true".equals(text) ? Boolean.TRUE : "false".equals(text) ? Boolean.FALSE : null;
            } else if (type == Duration.class) {
                return duration(text);
            } else if (type == IpAddress.class) {
                return IpAddress.parse(text);
            } else if (type == IpPrefix.class) {
                return IpPrefix.parse(text);
            } else if (type == MacAddress.class) {
                return MacAddress.parse(text);
            } else if (type == InterfaceAddress.class) {
                return InterfaceAddress.parse(text);
            } else if (type == PortRange.class) {
                return PortRange.parse(text);
            }
        } catch (final IllegalArgumentException e) {
            return null;
        }
        for (final Object constant : type.getEnumConstants()) {
            if (label(constant).equals(text)) {
                return constant;
            }
        }
        return null;
    }

    /** Text, number or boolean that {@link #parse} reads back. */
    static Object write(Object value) {
        if (value instanceof Number || value instanceof Boolean) {
            return value;
        }
        if (value instanceof final Duration duration) {
            return text(duration);
        }
        return value instanceof Enum ? label(value) : value.toString();
    }

    /** {@code AF_PACKET} becomes {@code af-packet}. */
    private static String label(Object constant) {
        return constant.toString().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private static List<String> labels(Class<?> type) {
        final List<String> labels = new ArrayList<>();
        for (final Object constant : type.getEnumConstants()) {
            labels.add(label(constant));
        }
        return labels;
    }

    private static @Nullable Duration duration(String text) {
        final Matcher matcher = DURATION.matcher(text);
        if (!matcher.matches()) {
            return null;
        }
        final long count = Long.parseLong(matcher.group(1));
        return switch (matcher.group(2)) {
            case "ms" -> Duration.ofMillis(count);
            case "s" -> Duration.ofSeconds(count);
            case "m" -> Duration.ofMinutes(count);
            case "h" -> Duration.ofHours(count);
            default -> Duration.ofDays(count);
        };
    }

    private static String text(Duration duration) {
        final long millis = duration.toMillis();
        if (millis % 1000 != 0) {
            return millis + "ms";
        }
        final long seconds = millis / 1000;
        if (seconds != 0 && seconds % 86_400 == 0) {
            return seconds / 86_400 + "d";
        }
        if (seconds != 0 && seconds % 3600 == 0) {
            return seconds / 3600 + "h";
        }
        return seconds != 0 && seconds % 60 == 0 ? seconds / 60 + "m" : seconds + "s";
    }
}
