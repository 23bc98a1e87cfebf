// FileSet: all that a folder of .sql files says, and what is wrong with it. Made by Scan (scan.h) or, in
// tests and tools, from texts.
//
// Immutable once made, and shared: the loops may look at one while the next is made. Files that did not
// change are the same objects in both.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "queries/files/migrations.h"
#include "queries/files/problem.h"
#include "queries/files/query.h"
#include "queries/files/route.h"
#include "sql/database.h"

namespace tidemill::files {

struct File {
  std::string path;  // below the folder
  FileKind kind = FileKind::kIgnored;
  std::string text;      // without a byte order mark; empty if it could not be read
  std::string sha256;    // of all its bytes, in hexadecimal digits
  std::string checksum;  // of a migration's text; line ends as \n, so that no checkout changes it
  std::vector<Query> queries;
  std::vector<Problem> problems;  // of this file by itself
};

// In hexadecimal digits.
std::string Sha256(std::string_view bytes);

// A file from its bytes. Its queries are empty if its name is wrong: they would have other routes.
File LoadFile(std::string path, std::string bytes, sql::Dialect dialect);
// A file that cannot be read, and why. It has its route, if the name says it.
File UnreadFile(std::string path, Problem why);

// What is wrong with a file because of others, or with the folder: path "".
struct FileProblem {
  std::string path;
  Problem problem;
};

struct FileSet {
  bool found = true;                               // the folder is there
  std::vector<std::shared_ptr<const File>> files;  // by path
  std::vector<Migration> migrations;               // in order
  std::vector<FileProblem> problems;               // by path; those of single files stand there
  bool try_again = false;                          // something could not be read this time

  // nullptr: there is none.
  const File* Find(std::string_view path) const;
  // Nothing is wrong with the file, nor between it and others: its queries may be served.
  bool IsSound(const File& file) const;
  // How many problems of each kind there are, those of single files among them.
  std::array<std::size_t, kProblemKinds> CountProblems() const;
  // All problems, as a person reads them; "": there are none.
  std::string Describe() const;
};

// Compares the files with each other. `files` in any order; `problems` are those found on the way.
FileSet MakeFileSet(std::vector<std::shared_ptr<const File>> files, std::vector<FileProblem> problems,
                    const std::vector<std::string>& reserved_routes);

// Paths of files that differ, each in order.
struct Changes {
  std::vector<std::string> added;
  std::vector<std::string> changed;
  std::vector<std::string> removed;
  // The folder came or went, or what is wrong between files is something else.
  bool folder = false;

  bool empty() const { return added.empty() && changed.empty() && removed.empty() && !folder; }
  friend bool operator==(const Changes&, const Changes&) = default;
};
Changes Difference(const FileSet& before, const FileSet& after);

}  // namespace tidemill::files
