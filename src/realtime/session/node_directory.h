// The directory of a single node: all its loops.
#pragma once

#include <memory>
#include <vector>

#include "realtime/control/directory.h"

namespace tidemill::session {

struct Context;

// For the loop of `own`. `contexts` is every loop's, and outlives the directory.
std::unique_ptr<control::Directory> MakeNodeDirectory(Context& own, const std::vector<Context*>& contexts);

}  // namespace tidemill::session
