package io.weir.agent.flannel;

import com.fasterxml.jackson.databind.JsonNode;
import io.weir.dataplane.wire.IpAddress;
import org.jspecify.annotations.Nullable;

/**
 * What a node says of itself with its lease.
 *
 * @param publicIp      the node's IPv4 address for tunnels or routes; null when it has none
 * @param publicIpv6    the same for IPv6
 * @param backendType   flannel's name of the backend
 * @param backendData   JSON of the backend for IPv4; null when it has none, as host-gw
 * @param backendV6Data the same for IPv6
 */
public record LeaseAttributes(
        @Nullable IpAddress publicIp,
        @Nullable IpAddress publicIpv6,
        String backendType,
        @Nullable String backendData,
        @Nullable String backendV6Data) {

    /** The value of an etcd key, byte for byte as flanneld writes it. */
    public String toJson() {
        final StringBuilder json = new StringBuilder("{\"PublicIP\":\"")
                .append(publicIp == null ? IpAddress.ANY_V4 : publicIp)
                .append("\",\"PublicIPv6\":");
        if (publicIpv6 == null) {
            json.append("null");
        } else {
            json.append('"').append(publicIpv6).append('"');
        }
        if (!backendType.isEmpty()) {
            json.append(",\"BackendType\":\"").append(backendType).append('"');
        }
        if (backendData != null) {
            json.append(",\"BackendData\":").append(backendData);
        }
        if (backendV6Data != null) {
            json.append(",\"BackendV6Data\":").append(backendV6Data);
        }
        return json.append('}').toString();
    }

    /**
     * Reads the JSON.
     *
     * @throws FlannelException when it is not what flanneld writes
     */
    public static LeaseAttributes parse(String json) {
        final JsonNode object = Json.object(json, "lease");
        final String type = Json.text(object, "BackendType");
        return new LeaseAttributes(
                address(object, "PublicIP"),
                address(object, "PublicIPv6"),
                type == null ? "" : type,
                raw(object, "BackendData"),
                raw(object, "BackendV6Data"));
    }

    private static @Nullable IpAddress address(JsonNode object, String name) {
        final String text = Json.text(object, name);
        if (text == null || text.isEmpty()) {
            return null;
        }
        try {
            final IpAddress address = IpAddress.parse(text);
            return address.isUnspecified() ? null : address;
        } catch (final IllegalArgumentException e) {
            throw new FlannelException("lease: " + name + " is '" + text + "': " + e.getMessage(), e);
        }
    }

    private static @Nullable String raw(JsonNode object, String name) {
        final JsonNode value = Json.field(object, name);
        return value == null ? null : value.toString();
    }

    /** The same node speaks: flannel knows a node by its IPv4 address, or without one by its IPv6 address. */
    boolean isFrom(LeaseAttributes other) {
        if (publicIp == null && other.publicIp == null) {
            return publicIpv6 != null && publicIpv6.equals(other.publicIpv6);
        }
        return publicIp != null && publicIp.equals(other.publicIp);
    }
}
