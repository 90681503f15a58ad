/** Which pod of this node has which address: the ranges, what is in use, what rests after use. */
@NullMarked
package io.weir.agent.ipam;

import org.jspecify.annotations.NullMarked;
