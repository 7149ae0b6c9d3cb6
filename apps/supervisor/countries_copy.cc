#include "apps/supervisor/countries_copy.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <vector>

#include "apps/service/data_folders.h"
#include "services/abuse/countries.h"

namespace hikyaku::apps {
namespace {

using abuse::CountriesTrouble;
using Why = CountriesTrouble::Why;

constexpr std::size_t piece = 4 << 20;
constexpr Duration wait_after_trouble = 10s;

// What the system says, without the call and the name before it.
std::string cannot_be_opened(const std::string& file, const io::DiskError& error) {
  const auto words = error.what.rfind(": ");
  return CountriesTrouble{Why::CannotBeOpened, words == std::string::npos ? error.what : error.what.substr(words + 2)}.sentence(file);
}

// Where it cannot be set, the file is copied once more at the next start.
void set_time(const std::string& path, std::int64_t changed_ns) {
  constexpr std::int64_t second = 1'000'000'000;
  const timespec time{.tv_sec = changed_ns / second, .tv_nsec = changed_ns % second};
  const timespec times[] = {time, time};
  (void)::utimensat(AT_FDCWD, path.c_str(), times, 0);
}

}  // namespace

CountriesCopy::CountriesCopy(io::Disk& disk, std::string data_folder)
    : disk_(disk), to_(folder::in(data_folder, folder::countries)), fresh_(to_ + ".new") {}

std::string CountriesCopy::follow(const std::string& database, Instant now) {
  if (from_ != database) {
    const bool first = !from_;
    from_ = database;
    copying_.reset(), judged_.reset(), told_.clear(), again_ = {};
    if (database.empty()) (void)disk_.remove(to_);
    else if (const auto stamp = io::stamp_of_file(database); first && is_copied(stamp)) judged_ = stamp;
  }
  if (database.empty() || now < again_) return {};
  auto trouble = look();
  if (trouble.empty()) return {};
  copying_.reset();
  (void)disk_.remove(fresh_);
  again_ = now + wait_after_trouble;
  if (trouble == told_) return {};
  return told_ = std::move(trouble);
}

// In a former life: the copy has the file's time.
bool CountriesCopy::is_copied(const io::FileStamp& stamp) const {
  const auto copy = io::stamp_of_file(to_);
  return stamp.changed_ns >= 0 && copy.octets == stamp.octets && copy.changed_ns == stamp.changed_ns;
}

std::string CountriesCopy::look() {
  const auto stamp = io::stamp_of_file(*from_);
  if (stamp == judged_) return {};
  // It is being written: from the beginning.
  if (copying_ && copying_->stamp != stamp) copying_.reset();
  return copying_ ? carry_on() : begin(stamp);
}

std::string CountriesCopy::begin(const io::FileStamp& stamp) {
  if (const auto trouble = abuse::Countries::trouble_with(*from_)) return trouble->sentence(*from_);
  if (stamp.octets > most_octets) return CountriesTrouble{Why::NoDatabase, "it is larger than 1 GiB"}.sentence(*from_);
  auto from = disk_.open(*from_, io::OpenMode::Read);
  if (!from) return cannot_be_opened(*from_, from.error());
  (void)disk_.remove(fresh_);
  auto to = disk_.open(fresh_, io::OpenMode::CreateNew);
  if (!to) return to.error().what;
  copying_ = Copying{stamp, std::move(*from), std::move(*to)};
  return carry_on();
}

std::string CountriesCopy::carry_on() {
  std::vector<char> octets(piece);
  const auto read = copying_->from->read_at(copying_->done, octets);
  if (!read) return cannot_be_opened(*from_, read.error());
  if (const auto written = copying_->to->write_at(copying_->done, std::string_view(octets.data(), *read)); !written) return written.error().what;
  copying_->done += *read;
  return copying_->done < copying_->stamp.octets && *read > 0 ? std::string{} : finish();
}

std::string CountriesCopy::finish() {
  const auto stamp = copying_->stamp;
  const auto flushed = copying_->to->flush();
  copying_.reset();
  if (!flushed) return flushed.error().what;
  if (io::stamp_of_file(*from_) != stamp) return {};
  if (const auto countries = abuse::Countries::open(fresh_); !countries) {
    judged_ = stamp;
    return countries.error().sentence(*from_);
  }
  set_time(fresh_, stamp.changed_ns);
  if (const auto renamed = disk_.rename(fresh_, to_); !renamed) return renamed.error().what;
  judged_ = stamp;
  told_.clear();
  return {};
}

}  // namespace hikyaku::apps
