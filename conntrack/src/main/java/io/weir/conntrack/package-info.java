@NullMarked
package io.weir.conntrack;

import org.jspecify.annotations.NullMarked;
