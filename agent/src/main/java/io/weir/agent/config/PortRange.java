package io.weir.agent.config;

/**
 * An inclusive range of transport ports: {@code 30000-32767}.
 *
 * @param first 0 to 65535
 * @param last  {@code first} to 65535
 */
public record PortRange(int first, int last) {
    public PortRange {
        if (first < 0 || last > 65535 || last < first) {
            throw new IllegalArgumentException(first + "-" + last + " is no range within 0-65535");
        }
    }

    /** Parses {@code first-last} or one port. */
    public static PortRange parse(String text) {
        final int dash = text.indexOf('-');
        try {
            final int first = Integer.parseInt(dash < 0 ? text : text.substring(0, dash));
            return new PortRange(first, dash < 0 ? first : Integer.parseInt(text.substring(dash + 1)));
        } catch (final NumberFormatException e) {
            throw new IllegalArgumentException("not a port range: '" + text + "'", e);
        }
    }

    public boolean contains(int port) {
        return port >= first && port <= last;
    }

    @Override
    public String toString() {
        return first + "-" + last;
    }
}
