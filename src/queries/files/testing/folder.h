// For tests: a folder of files that ends with this object.
#pragma once

#include <sys/resource.h>

#include <string>
#include <string_view>

namespace tidemill::files::testing {

class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  const std::string& path() const { return path_; }
  std::string Of(std::string_view name) const;

  // Folders on the way are made. The file is written in place.
  void Write(std::string_view name, std::string_view text) const;
  // As most editors do: under another name, which then takes the file's place.
  void WriteAside(std::string_view name, std::string_view text) const;
  void MakeFolder(std::string_view name) const;
  void Link(std::string_view name, const std::string& target) const;
  void Rename(std::string_view from, std::string_view to) const;
  void Remove(std::string_view name) const;  // with all that is in it

 private:
  std::string path_;
};

// While it exists, this process may open so many more descriptors.
class DescriptorLimit {
 public:
  explicit DescriptorLimit(int left);
  ~DescriptorLimit();
  DescriptorLimit(const DescriptorLimit&) = delete;
  DescriptorLimit& operator=(const DescriptorLimit&) = delete;

 private:
  rlimit before_{};
};

}  // namespace tidemill::files::testing
