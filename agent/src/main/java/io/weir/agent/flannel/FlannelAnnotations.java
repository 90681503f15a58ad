package io.weir.agent.flannel;

import java.util.regex.Pattern;

/**
 * The names of flannel's node annotations under one prefix.
 *
 * @param prefix ends with a slash or a hyphen
 */
public record FlannelAnnotations(String prefix) {
    public static final String DEFAULT_PREFIX = "flannel.alpha.coreos.com";

    private static final Pattern VALID = Pattern.compile("([a-z0-9_-]+\\.)+[a-z0-9_-]+/([a-z0-9_-]+-)?");

    /**
     * Completes a prefix as flanneld does with {@code --kube-annotation-prefix}.
     *
     * @throws FlannelException when Kubernetes would not take it
     */
    public static FlannelAnnotations of(String prefix) {
        String complete = prefix.indexOf('/') < 0 ? prefix + "/" : prefix;
        if (!complete.endsWith("/") && !complete.endsWith("-")) {
            complete += "-";
        }
        if (!VALID.matcher(complete).matches()) {
            throw new FlannelException(
                    "annotation prefix '" + prefix + "'; write a domain, or a domain, a slash and lower-case letters");
        }
        return new FlannelAnnotations(complete);
    }

    /** {@code "true"}: flannel gets this node's subnet from Kubernetes. */
    public String kubeSubnetManager() {
        return prefix + "kube-subnet-manager";
    }

    public String backendType() {
        return prefix + "backend-type";
    }

    public String backendData() {
        return prefix + "backend-data";
    }

    public String backendV6Data() {
        return prefix + "backend-v6-data";
    }

    public String publicIp() {
        return prefix + "public-ip";
    }

    public String publicIpv6() {
        return prefix + "public-ipv6";
    }

    /** An operator's wish for {@link #publicIp}. */
    public String publicIpOverwrite() {
        return prefix + "public-ip-overwrite";
    }

    /** An operator's wish for {@link #publicIpv6}. */
    public String publicIpv6Overwrite() {
        return prefix + "public-ipv6-overwrite";
    }
}
