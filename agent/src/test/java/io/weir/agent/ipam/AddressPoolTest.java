package io.weir.agent.ipam;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AddressPoolTest {
    @ParameterizedTest
    @CsvSource({
        "10.1.0.0/24, 10.1.0.2, 253",
        "10.1.0.0/30, 10.1.0.2, 1",
        "10.1.0.0/31, 10.1.0.0, 2",
        "10.1.0.7/32, 10.1.0.7, 1",
        "10.0.0.0/8, 10.0.0.2, 65536",
        "10.1.0.0/16, 10.1.0.2, 65533",
        "fd00::/64, fd00::2, 65536",
        "fd00::/126, fd00::2, 2",
        "fd00::/127, fd00::, 2",
    })
    void theFirstAddressAndHowManyThereAre(String range, String first, int count) throws NoAddressException {
        final AddressPool pool = new AddressPool();
        final IpPrefix prefix = IpPrefix.parse(range);
        pool.ranges(List.of(prefix));
        assertThat(pool.capacity(!prefix.isIpv4())).isEqualTo(count);
        assertThat(pool.take(!prefix.isIpv4(), "pod", 0, _ -> false)).isEqualTo(IpAddress.parse(first));
    }

    @Test
    void exhaustionIsASentenceAndPassesWhenAnAddressHasRested() throws NoAddressException {
        final AddressPool pool = new AddressPool();
        pool.ranges(List.of(IpPrefix.parse("10.1.0.0/29")));
        final List<IpAddress> given = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            given.add(pool.take(false, "pod", 0, _ -> false));
        }
        pool.free(given.get(3), 1_000);
        pool.free(given.get(1), 2_000);
        assertThatThrownBy(() -> pool.take(false, "pod", 60_999, _ -> false))
                .hasMessage(
                        "no IPv4 address is free in [10.1.0.0/29]: 3 are in use, 2 rest for a minute after their use");
        assertThatThrownBy(() -> pool.take(true, "pod", 0, _ -> false)).hasMessageContaining("no IPv6 range");
        assertThat(pool.take(false, "pod", 61_000, _ -> false)).isEqualTo(given.get(3));
        assertThat(pool.take(false, "pod", 70_000, _ -> false)).isEqualTo(given.get(1));
    }

    @Test
    void anAddressThatIsAskedForByNameNeedNotRest() throws NoAddressException {
        final AddressPool pool = new AddressPool();
        pool.ranges(List.of(IpPrefix.parse("10.1.0.0/24")));
        final IpAddress wanted = IpAddress.parse("10.1.0.77");
        pool.take(wanted, "one", _ -> false);
        assertThatThrownBy(() -> pool.take(wanted, "other", _ -> false)).hasMessage("10.1.0.77 is in use by one");
        pool.free(wanted, 0);
        pool.take(wanted, "other", _ -> false);
        for (final String bad : new String[] {"10.1.0.0", "10.1.0.1", "10.1.0.255", "10.2.0.5", "fd00::5"}) {
            assertThatThrownBy(() -> pool.take(IpAddress.parse(bad), "other", _ -> false))
                    .hasMessageContaining("is no address for a pod of this node");
        }
    }

    @Test
    void addressesOfAFormerRangeStayWithTheirPodsAndAreNotGivenAgain() throws NoAddressException {
        final AddressPool pool = new AddressPool();
        pool.ranges(List.of(IpPrefix.parse("10.1.0.0/24")));
        final IpAddress old = pool.take(false, "pod", 0, _ -> false);
        pool.ranges(List.of(IpPrefix.parse("10.2.0.0/24")));
        assertThat(pool.take(false, "pod", 0, _ -> false)).isEqualTo(IpAddress.parse("10.2.0.2"));
        pool.free(old, 0);
        assertThat(pool.freed()).isEmpty();
    }
}
