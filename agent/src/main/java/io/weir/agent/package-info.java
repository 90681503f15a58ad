@NullMarked
package io.weir.agent;

import org.jspecify.annotations.NullMarked;
