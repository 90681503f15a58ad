package io.weir.dataplane.answer;

import io.weir.dataplane.flow.Ingress;
import io.weir.dataplane.flow.Snapshot;
import io.weir.dataplane.route.Route;

/**
 * For which addresses weir answers address resolution on a port.
 *
 * <ul>
 *   <li>everywhere: its own addresses on that port (towards pods the gateways)
 *   <li>towards pods and the node: every address that is weir's own by the route table
 *   <li>towards the node also what it routes to another port, so that the node may take pods for neighbours (proxy ARP)
 * </ul>
 *
 * <p>Never on an uplink for an address that is not configured there, and never for a pod's own address: a pod that looks
 * for duplicates of it must not find one.
 */
final class OwnAddresses {
    private OwnAddresses() {}

    static boolean answers(Ingress ingress, Snapshot snapshot, long high, long low) {
        if (ingress.addresses().contains(high, low)) {
            return true;
        }
        if (ingress.role() == Ingress.Role.UPLINK) {
            return false;
        }
        final Route route = snapshot.routes().find(high, low);
        if (route == null) {
            return false;
        }
        return switch (route.kind()) {
            case LOCAL -> true;
            case FORWARD, RESOLVE -> ingress.role() == Ingress.Role.HOST && route.port() != ingress.port();
            case BLACKHOLE, UNREACHABLE, PROHIBIT -> false;
        };
    }
}
