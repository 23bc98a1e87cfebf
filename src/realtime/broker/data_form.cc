#include "realtime/broker/data_form.h"

#include "base/json.h"
#include "realtime/channels/permissions.h"

namespace tidemill::broker {

bool Fits(const channels::ChannelOptions& options, const std::string& data, DataForm& form) {
  if (form == DataForm::kNone) return false;
  const std::string& format = options.publication_data_format;
  if (form == DataForm::kJson && !data.empty()) {
    return format != "json_object" || JsonReader(data).Peek() == JsonReader::Kind::kObject;
  }
  if (!channels::DataAllowed(options, data)) return false;
  if (format == "json" || format == "json_object") form = DataForm::kJson;
  return true;
}
bool FitsKey(const channels::ChannelOptions& options, const std::string& data, DataForm& form) {
  const bool of_presence = options.subscription_type != "map";
  return (of_presence && data.empty()) || Fits(options, data, form);
}

}  // namespace tidemill::broker
