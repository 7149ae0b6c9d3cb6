#include "services/directory/quota_page.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/checksum.h"

namespace hikyaku::directory {

namespace {

// Row n is account n's; row 0, which is nobody's, is the heartbeat. A row that is not whole has a wrong checksum.
struct Row {
  std::uint64_t account = 0, octets = 0, messages = 0, sum = 0;

  [[nodiscard]] std::uint64_t right_sum() const {
    const std::array<std::uint64_t, 3> said{account, octets, messages};
    return checksum({reinterpret_cast<const char*>(said.data()), sizeof said});
  }
  static off_t place(AccountId account) { return static_cast<off_t>(account.value() * sizeof(Row)); }
};
static_assert(sizeof(Row) == 32);

bool has_row(AccountId account) { return account.value() > 0 && account.value() <= QuotaPage::highest_account; }

bool write_row(int file, AccountId place, const Row& row) {
  return ::pwrite(file, &row, sizeof row, Row::place(place)) == static_cast<ssize_t>(sizeof row);
}

// What is not there, or not whole, is nothing.
std::optional<Row> read_row(int file, AccountId place) {
  Row row;
  if (::pread(file, &row, sizeof row, Row::place(place)) != static_cast<ssize_t>(sizeof row)) return std::nullopt;
  if (row.account != place.value() || row.sum != row.right_sum()) return std::nullopt;
  return row;
}

}  // namespace

std::unique_ptr<QuotaPage> QuotaPage::open(const std::string& path, std::string& why) {
  io::Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0660));
  if (!file || ::ftruncate(file.get(), 0) != 0) {
    why = "open " + path + ": " + std::strerror(errno);
    return nullptr;
  }
  return std::unique_ptr<QuotaPage>(new QuotaPage(std::move(file)));
}

bool QuotaPage::publish(AccountId account, QuotaUsed used) const {
  if (!has_row(account)) return true;
  Row row{account.value(), used.octets, used.messages, 0};
  row.sum = row.right_sum();
  return write_row(file_.get(), account, row);
}

bool QuotaPage::forget(AccountId account) const { return !has_row(account) || write_row(file_.get(), account, Row{}); }

void QuotaPage::beat(Instant now) const {
  Row row{0, static_cast<std::uint64_t>(now.time_since_epoch().count()), 0, 0};
  row.sum = row.right_sum();
  (void)write_row(file_.get(), AccountId{}, row);
}

// By pread, not mapped: whoever may write the file could cut it short, and reading there would end the process.
bool QuotaReader::open() {
  if (!file_) file_.reset(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  return static_cast<bool>(file_);
}

bool QuotaReader::alive(Instant now) {
  const auto heartbeat = open() ? read_row(file_.get(), AccountId{}) : std::nullopt;
  if (!heartbeat) return false;
  const Instant beaten{Instant::duration{static_cast<Instant::rep>(heartbeat->octets)}};
  // One of the future is of an earlier boot.
  return beaten >= now - QuotaPage::heartbeat_limit && beaten <= now + QuotaPage::heartbeat_limit;
}

std::optional<QuotaUsed> QuotaReader::read(AccountId account, Instant now) {
  if (!has_row(account) || !open()) return std::nullopt;
  const auto row = read_row(file_.get(), account);
  if (!row || !alive(now)) return std::nullopt;
  return QuotaUsed{row->octets, row->messages};
}

}  // namespace hikyaku::directory
