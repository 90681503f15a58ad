package io.weir.policy.spec;

import io.weir.dataplane.wire.IpPrefix;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The other side of a rule. */
public sealed interface PeerSpec {
    /**
     * Pods by label.
     *
     * @param namespaces null means: the policy's own namespace
     */
    record Pods(@Nullable LabelSelector namespaces, LabelSelector pods) implements PeerSpec {
        @Override
        public String toString() {
            return "pods " + pods + (namespaces == null ? "" : " in namespaces " + namespaces);
        }
    }

    /** Addresses in a block, without those in the exceptions; those of pods as well. */
    record Block(IpPrefix block, List<IpPrefix> except) implements PeerSpec {
        public Block {
            except = List.copyOf(except);
        }

        @Override
        public String toString() {
            return block + (except.isEmpty() ? "" : " except " + except);
        }
    }

    /** Addresses in any of these blocks; those of pods as well. */
    record Networks(List<IpPrefix> networks) implements PeerSpec {
        public Networks {
            networks = List.copyOf(networks);
        }

        @Override
        public String toString() {
            return "networks " + networks;
        }
    }

    /** The addresses of nodes by label. */
    record Nodes(LabelSelector nodes) implements PeerSpec {
        @Override
        public String toString() {
            return "nodes " + nodes;
        }
    }

    /** A kind of peer that weir does not know. It matches nothing, and a cluster policy's rule fails closed. */
    record Unknown(String what) implements PeerSpec {
        @Override
        public String toString() {
            return "unknown peer " + what;
        }
    }
}
