package io.weir.lb;

/**
 * Names one port of one Service in one address family.
 *
 * @param port the port's name, empty for the single unnamed one
 * @param ipv6 false for IPv4
 */
public record ServiceKey(String namespace, String name, String port, boolean ipv6) implements Comparable<ServiceKey> {
    @Override
    public int compareTo(ServiceKey other) {
        int order = namespace.compareTo(other.namespace);
        if (order == 0) {
            order = name.compareTo(other.name);
        }
        if (order == 0) {
            order = port.compareTo(other.port);
        }
        return order != 0 ? order : Boolean.compare(ipv6, other.ipv6);
    }

    /** {@code namespace/name:port}. */
    @Override
    public String toString() {
        return namespace + "/" + name + (port.isEmpty() ? "" : ":" + port);
    }
}
