#include "chat/uploads/metrics.h"

namespace tidemill::chat {

UploadMetrics::UploadMetrics(metrics::Registry& registry)
    : uploads(registry.AddCounter("tidemill_chat_uploads_total", "Files that were uploaded.")),
      uploaded_bytes(registry.AddCounter("tidemill_chat_uploaded_bytes_total", "Bytes of these files.")),
      refused_uploads(registry.AddCounter("tidemill_chat_uploads_refused_total",
                                          "Uploads that were refused, for whatever reason.")),
      uploads_under_way(registry.AddGauge("tidemill_chat_uploads_under_way", "Uploads that have begun.")),
      downloads(registry.AddCounter("tidemill_chat_downloads_total",
                                    "Files, and parts of files, that were sent to somebody.")),
      removed_files(registry.AddCounter("tidemill_chat_files_removed_total",
                                        "Files that were in no message, or not any more.")),
      disk_failures(registry.AddCounter("tidemill_chat_file_failures_total",
                                        "Times that a file could not be written, read or removed.")) {}

}  // namespace tidemill::chat
