// What can be measured; each adds its figures to the report, or makes it void.
#pragma once

#include "load/options.h"
#include "load/report.h"

namespace load {

void RunFanout(const Options& options, Report& report);
void RunRate(const Options& options, Report& report);
void RunConnect(const Options& options, Report& report);
void RunPublish(const Options& options, Report& report);
void RunIdle(const Options& options, Report& report);
void RunStorm(const Options& options, Report& report);
void RunWitness(const Options& options, Report& report);
void RunNeighbour(const Options& options, Report& report);
void RunRequests(const Options& options, Report& report);

}  // namespace load
