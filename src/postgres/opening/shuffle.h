// A random order, drawn anew each time.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "base/random.h"

namespace tidemill::postgres {

template <class T>
void Shuffle(std::vector<T>& items) {
  for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[RandomBelow(i)]);
}

}  // namespace tidemill::postgres
