package io.weir.agent.flannel;

import com.fasterxml.jackson.databind.JsonNode;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What flannel calls the network configuration: the file net-conf.json, or the value of etcd's key {@code config}.
 *
 * @param enableIpv4     pods have IPv4 addresses
 * @param enableIpv6     pods have IPv6 addresses
 * @param network        IPv4 range of all pods; null when not given
 * @param ipv6Network    IPv6 range of all pods; null when not given
 * @param subnetLength   {@code SubnetLen}: prefix length of a node's IPv4 subnet, or 0
 * @param subnetMin      first IPv4 subnet to give away, or null
 * @param subnetMax      last IPv4 subnet to give away, or null
 * @param ipv6SubnetLength prefix length of a node's IPv6 subnet, or 0
 * @param ipv6SubnetMin  first IPv6 subnet to give away, or null
 * @param ipv6SubnetMax  last IPv6 subnet to give away, or null
 * @param backend        how packets travel
 * @param warnings       what was read and has no effect here
 */
public record NetConf(
        boolean enableIpv4,
        boolean enableIpv6,
        @Nullable IpPrefix network,
        @Nullable IpPrefix ipv6Network,
        int subnetLength,
        @Nullable IpAddress subnetMin,
        @Nullable IpAddress subnetMax,
        int ipv6SubnetLength,
        @Nullable IpAddress ipv6SubnetMin,
        @Nullable IpAddress ipv6SubnetMax,
        Backend backend,
        List<String> warnings) {

    public NetConf {
        warnings = List.copyOf(warnings);
        if (!enableIpv4 && !enableIpv6) {
            throw new FlannelException("EnableIPv4 and EnableIPv6 are both false; set one");
        }
        if (enableIpv4 && network == null) {
            throw new FlannelException(
                    "net-conf.json has no Network; write the pods' range: \"Network\": \"10.244.0.0/16\"");
        }
        if (enableIpv6 && ipv6Network == null) {
            throw new FlannelException("EnableIPv6 is true, and IPv6Network is missing; write the pods' range");
        }
    }

    /**
     * Reads the JSON.
     *
     * @throws FlannelException when it is no JSON, a value is wrong, or weir does not have the backend
     */
    public static NetConf parse(String json) {
        final JsonNode object = Json.object(json, "net-conf.json");
        final List<String> warnings = new ArrayList<>();
        final JsonNode backendObject = Json.field(object, "Backend");
        if (Json.flag(object, "EnableNFTables", false)) {
            warnings.add("EnableNFTables has no effect: weir translates addresses itself");
        }
        if (backendObject != null && backendObject.isObject() && Json.flag(backendObject, "Learning", false)) {
            warnings.add("Backend.Learning has no effect: all nodes are known by their leases");
        }
        if (backendObject != null && backendObject.isObject() && Json.field(backendObject, "MacPrefix") != null) {
            warnings.add("Backend.MacPrefix has no effect: it is for Windows nodes");
        }
        return new NetConf(
                Json.flag(object, "EnableIPv4", true),
                Json.flag(object, "EnableIPv6", false),
                prefix(object, "Network", true),
                prefix(object, "IPv6Network", false),
                Json.number(object, "SubnetLen", 0),
                address(object, "SubnetMin", true),
                address(object, "SubnetMax", true),
                Json.number(object, "IPv6SubnetLen", 0),
                address(object, "IPv6SubnetMin", false),
                address(object, "IPv6SubnetMax", false),
                Backend.parse(backendObject),
                warnings);
    }

    private static @Nullable IpPrefix prefix(JsonNode object, String name, boolean ipv4) {
        final String text = Json.text(object, name);
        if (text == null || text.isEmpty()) {
            return null;
        }
        try {
            final IpPrefix prefix = IpPrefix.parse(text);
            if (prefix.isIpv4() == ipv4 && text.indexOf('/') > 0) {
                return prefix;
            }
        } catch (final IllegalArgumentException e) {
            throw new FlannelException(name + " is '" + text + "': " + e.getMessage(), e);
        }
        throw new FlannelException(name + " is '" + text + "'; write an IPv" + (ipv4 ? 4 : 6) + " range");
    }

    private static @Nullable IpAddress address(JsonNode object, String name, boolean ipv4) {
        final String text = Json.text(object, name);
        if (text == null || text.isEmpty()) {
            return null;
        }
        try {
            final IpAddress address = IpAddress.parse(text);
            if (address.isIpv4() == ipv4) {
                return address.isUnspecified() ? null : address;
            }
        } catch (final IllegalArgumentException e) {
            throw new FlannelException(name + " is '" + text + "': " + e.getMessage(), e);
        }
        throw new FlannelException(name + " is '" + text + "'; write an IPv" + (ipv4 ? 4 : 6) + " address");
    }

    /**
     * Which IPv4 subnets nodes may take; etcd's way alone, Kubernetes gives the subnets itself.
     *
     * @return null when IPv4 is off
     * @throws FlannelException when the limits contradict each other
     */
    public @Nullable SubnetRange subnets() {
        return enableIpv4 && network != null ? SubnetRange.of(network, subnetLength, subnetMin, subnetMax, "") : null;
    }

    /** The same for IPv6. */
    public @Nullable SubnetRange ipv6Subnets() {
        return enableIpv6 && ipv6Network != null
                ? SubnetRange.of(ipv6Network, ipv6SubnetLength, ipv6SubnetMin, ipv6SubnetMax, "IPv6")
                : null;
    }
}
