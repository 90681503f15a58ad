package io.weir.tools.install;

import io.weir.tools.command.CommandFailure;
import io.weir.tools.command.Json;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The two files that a runtime reads. Each is there as a whole or not at all, and the configuration, by which runtimes tell
 * that the network is ready, comes after the plugin and goes before it.
 *
 * @param configuration the conflist
 * @param plugin        the executable
 */
record CniFiles(Path configuration, Path plugin) {
    /** The plugin's name, which is also its file's. */
    static final String TYPE = "weir";

    /** Runtimes take the first file of the directory. */
    private static final String CONFLIST = "10-weir.conflist";

    static CniFiles in(Path confDirectory, Path binDirectory) {
        return new CniFiles(confDirectory.resolve(CONFLIST), binDirectory.resolve(TYPE));
    }

    /**
     * Writes both.
     *
     * @param network name of the network
     * @param socket  of the weir that answers
     */
    void write(String network, Path socket, byte[] program) {
        try {
            replace(plugin, program, "rwxr-xr-x");
            replace(configuration, conflist(network, socket).getBytes(StandardCharsets.UTF_8), "rw-r--r--");
        } catch (final IOException e) {
            throw new CommandFailure("can't be written: " + e, e);
        }
    }

    private static String conflist(String network, Path socket) {
        final Map<String, Object> plugin = new LinkedHashMap<>();
        plugin.put("type", TYPE);
        plugin.put("socket", socket.toString());
        plugin.put(
                "capabilities",
                new TreeMap<>(Map.of("portMappings", true, "bandwidth", true, "ips", true, "mac", true)));
        final Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("cniVersion", "1.0.0");
        tree.put("cniVersions", List.of("0.4.0", "1.0.0", "1.1.0")); // runtimes before CNI 1.1 pass this over
        tree.put("name", network);
        tree.put("plugins", List.of(plugin));
        return Json.pretty(tree) + "\n";
    }

    private static void replace(Path file, byte[] content, String permissions) throws IOException {
        final Path folder = file.toAbsolutePath().getParent();
        Files.createDirectories(folder);
        final Path fresh = Files.createTempFile(folder, ".weir", ".new");
        try {
            try (FileChannel channel = FileChannel.open(fresh, StandardOpenOption.WRITE)) {
                final ByteBuffer rest = ByteBuffer.wrap(content);
                while (rest.hasRemaining()) {
                    channel.write(rest);
                }
                channel.force(true);
            }
            Files.setPosixFilePermissions(fresh, PosixFilePermissions.fromString(permissions));
            Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(fresh);
        }
    }

    /** Removes both. Returns what was there. */
    List<Path> remove() {
        try {
            if (isAnothers()) {
                throw new CommandFailure(configuration + " names no plugin of type " + TYPE + ": it is not weir's");
            }
            final List<Path> removed = new ArrayList<>();
            for (final Path file : List.of(configuration, plugin)) {
                if (Files.deleteIfExists(file)) {
                    removed.add(file);
                }
            }
            return removed;
        } catch (final IOException e) {
            throw new CommandFailure("can't be removed: " + e, e);
        }
    }

    private boolean isAnothers() throws IOException {
        try {
            return !Json.MAPPER
                    .readTree(Files.readAllBytes(configuration))
                    .path("plugins")
                    .path(0)
                    .path("type")
                    .asText()
                    .equals(TYPE);
        } catch (final NoSuchFileException e) {
            return false;
        }
    }
}
