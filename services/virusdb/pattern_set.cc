#include "services/virusdb/pattern_set.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/checksum.h"
#include "base/cursor.h"
#include "io/descriptor.h"
#include "protocol/clamd/pattern_head.h"

namespace hikyaku::virusdb {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t most_files = 200;
constexpr std::uint64_t most_octets = 8ULL << 30;
constexpr unsigned least_percent = 50;  // of what was there before

// clamscan(1), "--database".
constexpr std::array<std::string_view, 36> endings{"cvd", "cld", "cud", "db", "mdb", "mdu", "msb", "msu", "hdb", "hdu", "hsb", "hsu", "ndb", "ndu", "ldb", "ldu", "sdb", "zmd",
                                                   "rmd", "pdb", "gdb", "wdb", "cbc", "ftm", "cfg", "crb", "idb", "ioc", "yar", "yara", "pwdb", "cdb", "fp", "sfp", "ign", "ign2"};

bool is_of_clamav(std::string_view name) { return name.ends_with(".cvd") || name.ends_with(".cld"); }

std::string said(const std::string& path) { return path + ": " + std::strerror(errno); }

Result<PatternFile, std::string> read_one(const std::string& folder, const std::string& name, StreamingChecksum& sum) {
  const std::string path = folder + "/" + name;
  const io::Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  struct stat status{};
  if (!file || ::fstat(file.get(), &status) != 0) return failure(said(path));
  PatternFile found;
  found.name = name;
  found.built = WallTime{std::chrono::seconds{status.st_mtim.tv_sec}};
  std::string piece(1 << 20, '\0'), head;
  for (;;) {
    const auto count = ::read(file.get(), piece.data(), piece.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return failure(said(path));
    if (count == 0) break;
    const std::string_view octets(piece.data(), static_cast<std::size_t>(count));
    if (head.size() < clamd::pattern_head_octets) head += octets.substr(0, clamd::pattern_head_octets);
    sum.add(octets);
    found.octets += octets.size();
  }
  if (const auto parsed = is_of_clamav(name) ? clamd::parse_pattern_head(head) : std::nullopt) {
    found.version = parsed->version;
    found.built = WallTime{std::chrono::seconds{static_cast<std::int64_t>(parsed->built)}};
  }
  return found;
}

}  // namespace

bool is_pattern_file(std::string_view name) {
  const auto dot = name.rfind('.');
  return dot != std::string_view::npos && dot > 0 && std::ranges::any_of(endings, [&](std::string_view ending) { return equal_ignoring_case(name.substr(dot + 1), ending); });
}

std::string PatternSet::names() const {
  std::string text;
  for (const auto& file : files) {
    if (text.size() > 300) return text + ", ...";
    text += (text.empty() ? "" : ", ") + (file.version > 0 ? file.name.substr(0, file.name.rfind('.')) + " " + std::to_string(file.version) : file.name);
  }
  return text;
}

Result<PatternSet, std::string> read_patterns(const std::string& folder) {
  std::error_code problem;
  std::vector<std::string> names;
  for (fs::directory_iterator at(folder, problem), end; !problem && at != end; at.increment(problem))
    if (is_pattern_file(at->path().filename().string())) names.push_back(at->path().filename().string());
  if (problem) return failure(folder + ": " + problem.message());
  std::ranges::sort(names);
  if (names.size() > most_files) return failure(folder + " holds more than " + std::to_string(most_files) + " pattern files");
  PatternSet set;
  StreamingChecksum sum;
  sum.start();
  for (const auto& name : names) {
    TRY(file, read_one(folder, name, sum));
    sum.add(name + '\0' + std::to_string(file.octets) + '\0');
    set.octets += file.octets;
    set.files.push_back(std::move(file));
    if (set.octets > most_octets) return failure(folder + " holds more than 8 GiB of patterns");
  }
  // What a small file of one's own adds does not make old patterns new.
  const bool has_own = std::ranges::any_of(set.files, [](const PatternFile& file) { return file.version > 0; });
  for (const auto& file : set.files)
    if (!has_own || file.version > 0) set.built = std::max(set.built, file.built);
  set.fingerprint = set.files.empty() ? 0 : sum.value();
  return set;
}

Result<void, std::string> copy_patterns(const std::string& from, const std::string& to) {
  std::error_code problem;
  for (fs::directory_iterator at(from, problem), end; !problem && at != end; at.increment(problem)) {
    const auto name = at->path().filename().string();
    if (!is_pattern_file(name) || !fs::is_regular_file(at->path(), problem)) continue;
    const fs::path target = fs::path(to) / name;
    if (!fs::copy_file(at->path(), target, fs::copy_options::overwrite_existing, problem) || problem) return failure(at->path().string() + ": " + problem.message());
    const auto time = fs::last_write_time(at->path(), problem);
    if (!problem) fs::last_write_time(target, time, problem);
    fs::permissions(target, fs::perms::owner_read | fs::perms::owner_write | fs::perms::group_read | fs::perms::others_read, problem);
  }
  if (problem) return failure(from + ": " + problem.message());
  return {};
}

Result<void, std::string> flush_folder(const std::string& folder) {
  std::error_code problem;
  for (fs::directory_iterator at(folder, problem), end; !problem && at != end; at.increment(problem)) {
    const io::Descriptor file(::open(at->path().c_str(), O_RDONLY | O_CLOEXEC));
    if (!file || ::fsync(file.get()) != 0) return failure(said(at->path().string()));
  }
  if (problem) return failure(folder + ": " + problem.message());
  const io::Descriptor self(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!self || ::fsync(self.get()) != 0) return failure(said(folder));
  return {};
}

std::string objection_to(const PatternSet& fresh, const PatternSet& old) {
  if (fresh.files.empty()) return "there are no pattern files";
  for (const auto& file : fresh.files) {
    if (file.octets == 0) return file.name + " is empty";
    if (is_of_clamav(file.name) && file.version == 0) return file.name + " has no head of a pattern file";
    const auto stem = file.name.substr(0, file.name.rfind('.'));
    for (const auto& before : old.files)
      if (file.version > 0 && before.version > file.version && before.name.substr(0, before.name.rfind('.')) == stem)
        return file.name + " is version " + std::to_string(file.version) + ", and " + std::to_string(before.version) + " is in force";
  }
  // A copy that was caught half-way may have the large file and lack the new one.
  const auto stem_of = [](const auto& file) { return file.name.substr(0, file.name.rfind('.')); };
  for (const auto& before : old.files)
    if (before.version > 0 && std::ranges::none_of(fresh.files, [&](const auto& file) { return stem_of(file) == stem_of(before); }))
      return before.name + " is missing, and version " + std::to_string(before.version) + " of it is in force";
  if (fresh.octets * 100 < old.octets * least_percent)
    return "the patterns have shrunk from " + std::to_string(old.octets) + " to " + std::to_string(fresh.octets) + " octets";
  return {};
}

}  // namespace hikyaku::virusdb
