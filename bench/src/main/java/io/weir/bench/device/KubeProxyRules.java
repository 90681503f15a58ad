package io.weir.bench.device;

import java.util.Locale;

/**
 * The rules that kube-proxy writes for Services of TCP port 80, by iptables and by nftables: the same chains, tests and order.
 * Service number i has the address 10.96.i / 256.i % 256; all have the same endpoints.
 */
final class KubeProxyRules {
    private final int services;
    private final String podRange;
    private final String[] endpoints;

    /**
     * @param podRange  who is not masqueraded
     * @param endpoints {@code address:port}
     */
    KubeProxyRules(int services, String podRange, String... endpoints) {
        this.services = services;
        this.podRange = podRange;
        this.endpoints = endpoints.clone();
    }

    static String address(int service) {
        return "10.96." + (service >> 8) + "." + (service & 255);
    }

    private static String host(String endpoint) {
        return endpoint.substring(0, endpoint.indexOf(':'));
    }

    /** For {@code iptables-restore}. */
    String iptables() {
        final StringBuilder text = new StringBuilder("*nat\n:PREROUTING ACCEPT\n:OUTPUT ACCEPT\n:POSTROUTING ACCEPT\n");
        text.append(":KUBE-SERVICES -\n:KUBE-POSTROUTING -\n:KUBE-MARK-MASQ -\n");
        for (int i = 0; i < services; i++) {
            text.append(":KUBE-SVC-").append(i).append(" -\n");
            for (int k = 0; k < endpoints.length; k++) {
                text.append(":KUBE-SEP-").append(i).append('-').append(k).append(" -\n");
            }
        }
        text.append("-A PREROUTING -j KUBE-SERVICES\n-A OUTPUT -j KUBE-SERVICES\n-A POSTROUTING -j KUBE-POSTROUTING\n");
        text.append("-A KUBE-MARK-MASQ -j MARK --or-mark 0x4000\n");
        text.append("-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN\n");
        text.append("-A KUBE-POSTROUTING -j MARK --xor-mark 0x4000\n");
        text.append("-A KUBE-POSTROUTING -j MASQUERADE --random-fully\n");
        for (int i = 0; i < services; i++) {
            final String matches = " -d " + address(i) + "/32 -p tcp -m tcp --dport 80 -j ";
            text.append("-A KUBE-SERVICES")
                    .append(matches)
                    .append("KUBE-SVC-")
                    .append(i)
                    .append('\n');
            text.append("-A KUBE-SVC-").append(i).append(" ! -s ").append(podRange);
            text.append(matches).append("KUBE-MARK-MASQ\n");
            for (int k = 0; k < endpoints.length; k++) {
                final String chain = "KUBE-SEP-" + i + "-" + k;
                text.append("-A KUBE-SVC-").append(i);
                if (k < endpoints.length - 1) {
                    text.append(" -m statistic --mode random --probability ");
                    text.append(String.format(Locale.ROOT, "%.11f", 1.0 / (endpoints.length - k)));
                }
                text.append(" -j ").append(chain).append('\n');
                text.append("-A ").append(chain).append(" -s ").append(host(endpoints[k]));
                text.append("/32 -j KUBE-MARK-MASQ\n");
                text.append("-A ").append(chain).append(" -p tcp -m tcp -j DNAT --to-destination ");
                text.append(endpoints[k]).append('\n');
            }
        }
        text.append("COMMIT\n*filter\n:FORWARD ACCEPT\n:KUBE-FORWARD -\n-A FORWARD -j KUBE-FORWARD\n");
        text.append("-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP\n");
        text.append("-A KUBE-FORWARD -m mark --mark 0x4000/0x4000 -j ACCEPT\n");
        return text.append("-A KUBE-FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\nCOMMIT\n")
                .toString();
    }

    /** For {@code nft -f}. */
    String nftables() {
        final StringBuilder text = new StringBuilder("table ip kube-proxy {\n");
        text.append("chain mark-for-masquerade { mark set mark or 0x4000; }\n");
        text.append("chain masquerading { mark and 0x4000 == 0 return; mark set mark xor 0x4000;");
        text.append(" masquerade fully-random; }\n");
        for (int i = 0; i < services; i++) {
            for (int k = 0; k < endpoints.length; k++) {
                text.append("chain endpoint-").append(i).append('-').append(k).append(" { ip saddr ");
                text.append(host(endpoints[k])).append(" jump mark-for-masquerade; meta l4proto tcp dnat to ");
                text.append(endpoints[k]).append("; }\n");
            }
            text.append("chain service-").append(i).append(" { ip daddr ").append(address(i));
            text.append(" tcp dport 80 ip saddr != ").append(podRange).append(" jump mark-for-masquerade; ");
            text.append("numgen random mod ").append(endpoints.length).append(" vmap {");
            for (int k = 0; k < endpoints.length; k++) {
                text.append(k == 0 ? " " : ", ")
                        .append(k)
                        .append(" : goto endpoint-")
                        .append(i)
                        .append('-')
                        .append(k);
            }
            text.append(" }; }\n");
        }
        text.append("map service-ips { type ipv4_addr . inet_proto . inet_service : verdict; elements = {");
        for (int i = 0; i < services; i++) {
            text.append(i == 0 ? " " : ", ")
                    .append(address(i))
                    .append(" . tcp . 80 : goto service-")
                    .append(i);
        }
        text.append(" } }\n");
        text.append("chain services { ip daddr . meta l4proto . th dport vmap @service-ips; }\n");
        text.append("chain nat-prerouting { type nat hook prerouting priority dstnat; jump services; }\n");
        text.append("chain nat-output { type nat hook output priority -100; jump services; }\n");
        return text.append(
                        "chain nat-postrouting { type nat hook postrouting priority srcnat; jump masquerading; }\n}\n")
                .toString();
    }
}
