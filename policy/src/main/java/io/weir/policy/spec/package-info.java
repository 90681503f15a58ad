/** What the control side says about policy: namespaces, pods, policies, rules, peers and ports, free of any API library. */
@NullMarked
package io.weir.policy.spec;

import org.jspecify.annotations.NullMarked;
