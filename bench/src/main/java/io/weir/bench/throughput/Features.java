package io.weir.bench.throughput;

/**
 * What a scenario's pipeline does beside routing.
 *
 * @param conntrack connections are tracked
 * @param snat      senders are hidden behind one address
 * @param service   packets go to a virtual IP with ten backends
 * @param policy    a policy of a hundred rules on the sending pods
 * @param push      packets leave in a VXLAN tunnel
 * @param pop       packets arrive in a VXLAN tunnel
 */
public record Features(boolean conntrack, boolean snat, boolean service, boolean policy, boolean push, boolean pop) {
    public static final Features NONE = new Features(false, false, false, false, false, false);
}
