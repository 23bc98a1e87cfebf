// All that a task can wait for on a loop, besides streams: time, another turn, an answer, an address,
// blocking work.
#pragma once

#include "net/blocking.h"
#include "net/next_turn.h"
#include "net/reply.h"
#include "net/resolve.h"
#include "net/sleep.h"
