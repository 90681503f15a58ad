package io.weir.agent.flannel;

import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The file {@code /run/flannel/subnet.env}: what the flannel CNI plugin reads, and by which a restarted node remembers its
 * subnet.
 *
 * @param network     IPv4 range of all pods, or null
 * @param subnet      IPv4 range of this node's pods, or null
 * @param ipv6Network IPv6 range of all pods, or null
 * @param ipv6Subnet  IPv6 range of this node's pods, or null
 * @param mtu         the MTU of pods, in bytes
 * @param ipMasq      the node masquerades, so the CNI plugin must not
 */
public record SubnetEnv(
        @Nullable IpPrefix network,
        @Nullable IpPrefix subnet,
        @Nullable IpPrefix ipv6Network,
        @Nullable IpPrefix ipv6Subnet,
        int mtu,
        boolean ipMasq) {

    /** The file's text, byte for byte as flanneld writes it: subnets stand there with their first host address. */
    public String toText() {
        final StringBuilder text = new StringBuilder();
        if (network != null && subnet != null) {
            text.append("FLANNEL_NETWORK=").append(network).append('\n');
            text.append("FLANNEL_SUBNET=").append(firstHost(subnet)).append('\n');
        }
        if (ipv6Network != null && ipv6Subnet != null) {
            text.append("FLANNEL_IPV6_NETWORK=").append(ipv6Network).append('\n');
            text.append("FLANNEL_IPV6_SUBNET=").append(firstHost(ipv6Subnet)).append('\n');
        }
        text.append("FLANNEL_MTU=").append(mtu).append('\n');
        text.append("FLANNEL_IPMASQ=").append(ipMasq).append('\n');
        return text.toString();
    }

    private static String firstHost(IpPrefix subnet) {
        return subnet.address().plus(1) + "/" + subnet.length();
    }

    /**
     * Replaces the file in one step: a reader sees the old text or the new one.
     *
     * @throws IOException when that is not possible; the old file is still there then
     */
    public void write(Path file) throws IOException {
        final Path folder = file.toAbsolutePath().getParent();
        if (folder != null) {
            Files.createDirectories(folder);
        }
        final Path temporary = file.resolveSibling(file.getFileName() + ".new");
        Files.writeString(
                temporary,
                toText(),
                StandardOpenOption.CREATE,
                StandardOpenOption.TRUNCATE_EXISTING,
                StandardOpenOption.WRITE,
                StandardOpenOption.SYNC);
        Files.setPosixFilePermissions(temporary, PosixFilePermissions.fromString("rw-r--r--"));
        Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /**
     * Reads a file of an earlier run.
     *
     * @return null when there is none, or none that makes sense: then the node starts as a new one
     * @throws IOException when there is one that cannot be read
     */
    public static @Nullable SubnetEnv read(Path file) throws IOException {
        final String text;
        try {
            text = Files.readString(file, StandardCharsets.UTF_8);
        } catch (final NoSuchFileException e) {
            return null;
        }
        final Map<String, String> values = new HashMap<>();
        for (final String line : text.split("\n", -1)) {
            final int equals = line.indexOf('=');
            if (equals > 0) {
                values.put(
                        line.substring(0, equals).strip(),
                        unquoted(line.substring(equals + 1).strip()));
            }
        }
        final String mtu = values.getOrDefault("FLANNEL_MTU", "");
        try {
            return new SubnetEnv(
                    prefix(values.get("FLANNEL_NETWORK")),
                    prefix(values.get("FLANNEL_SUBNET")),
                    prefix(values.get("FLANNEL_IPV6_NETWORK")),
                    prefix(values.get("FLANNEL_IPV6_SUBNET")),
                    mtu.isEmpty() ? 0 : Integer.parseInt(mtu),
                    Boolean.parseBoolean(values.get("FLANNEL_IPMASQ")));
        } catch (final IllegalArgumentException e) {
            return null;
        }
    }

    private static String unquoted(String value) {
        return value.length() >= 2 && value.startsWith("\"") && value.endsWith("\"")
                ? value.substring(1, value.length() - 1)
                : value;
    }

    private static @Nullable IpPrefix prefix(@Nullable String text) {
        return text == null || text.isEmpty() ? null : IpPrefix.parse(text);
    }

    /** The address that flannel gives to a node in its own subnet: the network's first, which is a host like others. */
    public static IpAddress nodeAddress(IpPrefix subnet) {
        return subnet.address();
    }
}
