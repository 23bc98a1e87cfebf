// What deltas and filters cost a loop per publication, and what they save on the wire, on one core.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "realtime/delta/fossil.h"
#include "realtime/filter/filter.h"
#include "realtime/hub/encoder.h"

namespace {

using namespace tidemill;

// The best of some runs, in nanoseconds, so that neighbours on the machine count less.
template <class Run>
double Measured(int rounds, Run run) {
  double best = 1e300;
  for (int attempt = 0; attempt < 50; ++attempt) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < rounds; ++i) run();
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - start;
    best = std::min(best, took.count() / rounds);
  }
  return best;
}

// About 2 KiB of JSON, and the same with so many of its bytes changed in some places.
std::string Document() {
  std::mt19937 random(1);
  std::string rows;
  for (int id = 0; rows.size() < 2000; ++id) {
    rows += (rows.empty() ? "" : ",") + std::string(R"({"id":)") + std::to_string(id) + R"(,"price":)" +
            std::to_string(random() % 100'000) + R"(,"name":"item-)" + std::to_string(random() % 1000) +
            "\"}";
  }
  return R"({"rows":[)" + rows + "]}";
}

std::string Changed(std::string document, std::size_t places, std::size_t bytes) {
  for (std::size_t i = 0; i < places; ++i) {
    for (std::size_t at = 100 + i * 1800 / places, left = bytes / places; left > 0; ++at, --left) {
      if (document[at] >= '0' && document[at] <= '8') ++document[at];
      if (document[at] >= 'a' && document[at] <= 'y') ++document[at];
    }
  }
  return document;
}

// One publication to a JSON form: bytes of the frame that each subscriber gets, and the loop's work for all.
void MeasureDelta(const char* name, const std::string& before, const std::string& after) {
  const protocol::Publication base{.data = before, .offset = 41, .data_is_json = true};
  const protocol::Publication publication{.data = after, .offset = 42, .data_is_json = true};
  hub::SegmentPool pool;
  hub::Encoder encoder(128);
  delta::FossilEncoder fossil;
  const auto send = [&](hub::Deltas deltas) {
    hub::FrameLog log(pool);
    std::optional<hub::Encoder::Delta> delta;
    if (deltas == hub::Deltas::kFollowed) {
      delta = hub::Encoder::Delta{&base, fossil.Encode(base.data, publication.data).value_or("")};
    }
    encoder.Begin("boards:final", publication, delta);
    encoder.AppendTo(log, {.deltas = deltas});
    return log.end();
  };
  for (const auto& [form, deltas] :
       {std::pair("whole", hub::Deltas::kNone), {"delta", hub::Deltas::kFollowed}}) {
    const double took = Measured(2000, [&] { send(deltas); });
    std::printf("%-28s %-6s %6llu bytes on the wire %8.0f ns per publication\n", name, form,
                static_cast<unsigned long long>(send(deltas)), took);
  }
}

void MeasureFilters(int count) {
  std::vector<filter::FilterPtr> filters;
  for (int i = 0; i < count; ++i) {
    const std::string text = R"({"op":"and","nodes":[{"key":"symbol","cmp":"eq","val":"S)" +
                             std::to_string(i) + R"("},{"key":"price","cmp":"gte","val":"100"}]})";
    filters.push_back(*filter::Filter::Parse(protocol::Encoding::kJson, text));
  }
  const protocol::Tags tags = {{"symbol", "S7"}, {"price", "101.50"}, {"venue", "x"}};
  std::size_t matched = 0;
  const double took = Measured(2000, [&] {
    const filter::TagTable table(tags);
    for (const filter::FilterPtr& filter : filters) matched += filter->Matches(table) ? 1 : 0;
  });
  std::printf("%3d different filters %8.0f ns per publication\n", count, took);
}

// Tags and values that make a comparison as slow as it can be.
void MeasureSlowest(const char* name, const char* comparison, const std::string& tag) {
  std::string nodes;
  for (std::size_t i = 1; i < filter::kNodesMax; ++i) {
    nodes += std::string(i > 1 ? "," : "") + R"({"key":"k",)" + comparison + "}";
  }
  const auto made =
      filter::Filter::Parse(protocol::Encoding::kJson, R"({"op":"or","nodes":[)" + nodes + "]}");
  if (!made) std::abort();
  const filter::Filter& slowest = **made;
  const protocol::Tags tags = {{"k", tag}};
  std::size_t matched = 0;
  const double took = Measured(50, [&] { matched += slowest.Matches(tags) ? 1 : 0; });
  const double all = took / static_cast<double>(slowest.work()) * filter::kWorkAtOnceMax;
  std::printf("%-28s %8.0f ns per filter %6.1f per unit of work; a channel's filters at most %4.0f us%s\n",
              name, took, took / static_cast<double>(slowest.work()), all / 1000, matched > 0 ? "" : ".");
}

}  // namespace

int main() {
  const std::string document = Document();
  MeasureDelta("5 % in one place", document, Changed(document, 1, 100));
  MeasureDelta("5 % in five places", document, Changed(document, 5, 100));
  MeasureDelta("5 % in twenty places", document, Changed(document, 20, 100));
  for (const int count : {1, 100}) MeasureFilters(count);
  const std::string alike(filter::kSearchedBytesMax, 'a');
  MeasureSlowest("ct", R"("cmp":"ct","val":"baaa")", alike);
  MeasureSlowest("ct of two bytes", R"("cmp":"ct","val":"ab")", alike);
  MeasureSlowest("lt", R"("cmp":"lt","val":"1")", std::string(200, '9'));
  MeasureSlowest("eq", R"("cmp":"eq","val":"b")", alike);
  MeasureSlowest("in", R"("cmp":"in","vals":["b","b","b","b","b","b","b","b"])", "a");
}
