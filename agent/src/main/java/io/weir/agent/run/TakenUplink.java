package io.weir.agent.run;

import io.weir.dataplane.linux.KernelAddress;
import io.weir.dataplane.linux.KernelRoute;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the kernel had on an interface before weir took it, in a form that survives weir.
 *
 * @param device    the interface
 * @param addresses its addresses
 * @param routes    routes by it that somebody set
 * @param settings  sysctl settings below {@code net}, with their values
 */
record TakenUplink(
        String device, List<KernelAddress> addresses, List<KernelRoute> routes, Map<String, String> settings) {
    TakenUplink {
        addresses = List.copyOf(addresses);
        routes = List.copyOf(routes);
        settings = Map.copyOf(settings);
    }

    /** Routes to networks on the link first: a gateway must be reachable when the route by it is set. */
    List<KernelRoute> inOrder() {
        return routes.stream()
                .sorted(Comparator.comparing((KernelRoute route) -> route.gateway() != null))
                .toList();
    }

    /** One fact a line, words separated by blanks, {@code -} for what is not there. */
    List<String> lines() {
        final List<String> lines = new ArrayList<>();
        lines.add("device " + device);
        addresses.forEach(address -> lines.add("address " + address.address() + " " + address.prefixLength()));
        routes.forEach(route -> lines.add("route " + route.destination() + " " + word(route.gateway()) + " "
                + route.onlink() + " " + word(route.preferredSource()) + " " + route.table() + " " + route.protocol()
                + " " + route.metric() + " " + route.mtu()));
        settings.forEach((setting, value) -> lines.add("setting " + setting + " " + value));
        return lines;
    }

    private static String word(@Nullable IpAddress address) {
        return address == null ? "-" : address.toString();
    }

    private static @Nullable IpAddress address(String word) {
        return word.equals("-") ? null : IpAddress.parse(word);
    }

    /** What {@link #lines} of several made. */
    static List<TakenUplink> read(List<String> lines) {
        final Map<String, TakenUplink> uplinks = new LinkedHashMap<>();
        String device = "";
        for (final String line : lines) {
            final String[] words = line.split(" ", -1);
            if (words[0].equals("device")) {
                device = words[1];
                uplinks.put(device, new TakenUplink(device, List.of(), List.of(), Map.of()));
            } else {
                uplinks.computeIfPresent(device, (_, before) -> before.with(words));
            }
        }
        return List.copyOf(uplinks.values());
    }

    private TakenUplink with(String[] words) {
        final List<KernelAddress> moreAddresses = new ArrayList<>(addresses);
        final List<KernelRoute> moreRoutes = new ArrayList<>(routes);
        final Map<String, String> moreSettings = new HashMap<>(settings);
        switch (words[0]) {
            case "address" ->
                moreAddresses.add(new KernelAddress(0, IpAddress.parse(words[1]), Integer.parseInt(words[2]), false));
            case "route" ->
                moreRoutes.add(new KernelRoute(
                        IpPrefix.parse(words[1]),
                        address(words[2]),
                        0,
                        Boolean.parseBoolean(words[3]),
                        address(words[4]),
                        Integer.parseInt(words[5]),
                        Integer.parseInt(words[6]),
                        Integer.parseInt(words[7]),
                        Integer.parseInt(words[8])));
            default -> moreSettings.put(words[1], words[2]);
        }
        return new TakenUplink(device, moreAddresses, moreRoutes, moreSettings);
    }
}
