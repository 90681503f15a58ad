package io.weir.agent.flannel;

import com.fasterxml.jackson.databind.JsonNode;
import io.weir.dataplane.wire.MacAddress;

/**
 * What the vxlan backend tells other nodes about a VTEP.
 *
 * @param vni VXLAN network identifier; flannel writes it and looks at it no more
 * @param mac Ethernet address of the VTEP
 */
public record VtepData(int vni, MacAddress mac) {
    /** Exactly flannel's bytes: flanneld compares annotations as text, and reads its own MAC back by cutting the text. */
    public String toJson() {
        return "{\"VNI\":" + vni + ",\"VtepMAC\":\"" + mac + "\"}";
    }

    /**
     * Reads the JSON.
     *
     * @throws FlannelException when it is not what the vxlan backend writes
     */
    public static VtepData parse(String json) {
        final JsonNode object = Json.object(json, "backend data");
        final String mac = Json.text(object, "VtepMAC");
        if (mac == null) {
            throw new FlannelException("backend data has no VtepMAC: " + json);
        }
        try {
            return new VtepData(Json.number(object, "VNI", 0), MacAddress.parse(mac));
        } catch (final IllegalArgumentException e) {
            throw new FlannelException("backend data: VtepMAC is " + e.getMessage(), e);
        }
    }
}
