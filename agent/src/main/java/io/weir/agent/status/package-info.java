/** What weir tells of itself by HTTP: metrics for Prometheus, and whether it lives and is ready. */
@NullMarked
package io.weir.agent.status;

import org.jspecify.annotations.NullMarked;
