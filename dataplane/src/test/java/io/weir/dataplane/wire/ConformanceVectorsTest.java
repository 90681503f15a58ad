package io.weir.dataplane.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import java.util.HexFormat;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Published vectors, from the directory that {@code -Dweir.conformance} names; skipped without it. */
class ConformanceVectorsTest {
    private JsonNode vectors = new ObjectMapper().createObjectNode();

    @BeforeEach
    void read() throws Exception {
        final String directory = System.getProperty("weir.conformance", "");
        assumeTrue(!directory.isEmpty(), "-Dweir.conformance is not set: no vectors to compare with");
        vectors = new ObjectMapper()
                .readTree(Path.of(directory, "vectors", "vectors.json").toFile());
    }

    @Test
    void crc32c() {
        final JsonNode cases = vectors.path("crc32c_sctp").path("vectors");
        assertThat(cases).isNotEmpty();
        for (final JsonNode vector : cases) {
            final byte[] bytes = HexFormat.of().parseHex(vector.path("hex").asText());
            assertThat(Crc32c.compute(new UnsafeBuffer(bytes), 0, bytes.length))
                    .as(vector.path("name").asText())
                    .isEqualTo(unsigned(vector.path("crc")));
        }
    }

    @Test
    void internetChecksum() {
        final JsonNode vector = vectors.path("internet_checksum");
        final byte[] bytes = HexFormat.of().parseHex(vector.path("hex").asText());
        final long sum = InternetChecksum.sum(new UnsafeBuffer(bytes), 0, bytes.length);
        assertThat(InternetChecksum.fold(sum)).isEqualTo(unsigned(vector.path("sum")));
        assertThat(InternetChecksum.ofSum(sum)).isEqualTo(unsigned(vector.path("checksum")));
    }

    @Test
    void incrementalUpdate() {
        final JsonNode vector = vectors.path("incremental_update");
        final long delta = InternetChecksum.delta16(unsigned(vector.path("m")), unsigned(vector.path("m_new")));
        final int checksum = unsigned(vector.path("HC"));
        assertThat(InternetChecksum.update(checksum, delta)).isEqualTo(unsigned(vector.path("HC_new_correct_eqn3")));
        assertThat(InternetChecksum.updateUdp(checksum, delta)).isEqualTo(0xFFFF);
    }

    @Test
    void toeplitz() {
        final JsonNode suite = vectors.path("toeplitz_rss");
        final ToeplitzHash hash =
                new ToeplitzHash(HexFormat.of().parseHex(suite.path("key").asText()));
        assertThat(suite.path("vectors")).isNotEmpty();
        for (final JsonNode vector : suite.path("vectors")) {
            final IpAddress source = IpAddress.parse(vector.path("src").asText());
            final IpAddress destination = IpAddress.parse(vector.path("dst").asText());
            final int sourcePort = vector.path("sport").asInt();
            final int destinationPort = vector.path("dport").asInt();
            final boolean isIpv4 = source.isIpv4();
            assertThat(
                            isIpv4
                                    ? hash.ipv4(source.ipv4Bits(), destination.ipv4Bits())
                                    : hash.ipv6(source.high(), source.low(), destination.high(), destination.low()))
                    .as("%s", vector)
                    .isEqualTo(unsigned(vector.path("hash_2tuple")));
            assertThat(
                            isIpv4
                                    ? hash.ipv4(source.ipv4Bits(), destination.ipv4Bits(), sourcePort, destinationPort)
                                    : hash.ipv6(
                                            source.high(),
                                            source.low(),
                                            destination.high(),
                                            destination.low(),
                                            sourcePort,
                                            destinationPort))
                    .as("%s", vector)
                    .isEqualTo(unsigned(vector.path("hash_4tuple_tcp")));
        }
    }

    private static int unsigned(JsonNode hexadecimal) {
        return Integer.parseUnsignedInt(hexadecimal.asText(), 16);
    }
}
