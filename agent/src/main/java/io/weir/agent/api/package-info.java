/** What a running weir answers to commands on the same machine: a Unix socket that speaks lines of JSON. */
@NullMarked
package io.weir.agent.api;

import org.jspecify.annotations.NullMarked;
