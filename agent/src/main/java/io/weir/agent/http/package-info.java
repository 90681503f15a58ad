/** Short answers by HTTP: what the servers of health checks and of metrics have in common. */
@NullMarked
package io.weir.agent.http;

import org.jspecify.annotations.NullMarked;
