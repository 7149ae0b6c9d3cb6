#include "services/epost_spool/export.h"

#include <algorithm>
#include <map>

#include "base/cursor.h"
#include "services/epost_spool/folder_scan.h"
#include "services/epost_spool/rcp.h"

namespace hikyaku::epost_spool {
namespace {

constexpr std::uint64_t piece_octets = 256 << 10;

spool::SpoolError of_disk(const io::DiskError& error) {
  return {error.kind == io::DiskFailure::NoSpace ? spool::SpoolFailure::NoSpace : spool::SpoolFailure::Broken, error.what};
}
#define EPOST_DISK_VOID(...)                                                  \
  do {                                                                        \
    auto epost_result = (__VA_ARGS__);                                        \
    if (!epost_result) return failure(of_disk(epost_result.error()));         \
  } while (false)

// A folder's name from a domain that foreigners chose: nothing of it may lead elsewhere.
std::string folder_name(std::string_view domain) {
  std::string name;
  for (const char c : ascii_lower(domain)) name += is_ctl(c) || std::string_view("/\\:*?\"<>|").contains(c) ? '_' : c;
  if (name.empty() || name.front() == '.') name.insert(0, "_");
  return name.substr(0, 255);
}

std::uint32_t seconds_since_1601(WallTime when) {
  constexpr std::int64_t to_1970 = 11'644'473'600;
  return static_cast<std::uint32_t>(std::chrono::duration_cast<std::chrono::seconds>(when.time_since_epoch()).count() + to_1970);
}

// "451 4.7.1 later": the code, or none for what nobody said.
std::uint32_t code_of(std::string_view reply) {
  if (reply.size() < 3 || !is_digit(reply[0]) || !is_digit(reply[1]) || !is_digit(reply[2])) return 0;
  return static_cast<std::uint32_t>((reply[0] - '0') * 100 + (reply[1] - '0') * 10 + (reply[2] - '0'));
}

struct Waiting {
  spool::MessageRef ref;
  hikyaku::Envelope envelope;
  std::vector<std::uint32_t> recipients;
};

class Exporter {
 public:
  Exporter(io::Disk& disk, spool::Spool& spool, const ExportOptions& options) : disk_(disk), spool_(spool), options_(options) {}
  spool::SpoolResult<ExportSummary> run(const std::function<void(std::size_t)>& progress);

 private:
  spool::SpoolResult<> prepare();
  spool::SpoolResult<> write_fresh(const Waiting& one);
  spool::SpoolResult<> write_deferred(const TraceId& id, const std::vector<spool::Schedule>& schedules);
  bool may_leave(const TraceId& id, const hikyaku::Envelope& envelope);
  spool::SpoolResult<bool> write_text(const Waiting& one, const std::string& path);
  spool::SpoolResult<> write_envelope(const Waiting& one, const std::vector<std::uint32_t>& recipients, const std::string& stem, const std::string& path);
  spool::SpoolResult<> written(const Waiting& one);
  spool::SpoolResult<> write_retry_data();
  std::string next_stem();
  [[nodiscard]] bool real() const { return options_.run == ExportOptions::Run::Real; }
  [[nodiscard]] std::string in(std::string_view folder) const { return options_.to + "/" + std::string(folder); }

  io::Disk& disk_;
  spool::Spool& spool_;
  const ExportOptions& options_;
  ExportSummary summary_;
  std::uint64_t number_ = 0;
  std::map<std::string, DomainRetry> domains_;  // by folder
  std::vector<spool::Settlement> to_remove_;
};

std::string Exporter::next_stem() {
  char text[24];
  std::snprintf(text, sizeof text, "B%010llu", static_cast<unsigned long long>(++number_));
  return text;
}

spool::SpoolResult<> Exporter::prepare() {
  if (!real()) return {};
  for (const auto folder : {"incoming", "holding", "domains"}) EPOST_DISK_VOID(disk_.make_folder(in(folder)));
  const auto scan = scan_work_folder(disk_, options_.to);
  if (!scan) return failure(of_disk(scan.error()));
  if (!scan->stems.empty()) number_ = std::stoull(scan->stems.rbegin()->first.substr(1));
  return {};
}

// False: the text is damaged, which was noted; nothing is left of it at `path`.
spool::SpoolResult<bool> Exporter::write_text(const Waiting& one, const std::string& path) {
  auto file = disk_.open(path, io::OpenMode::CreateNew);
  if (!file) return failure(of_disk(file.error()));
  const auto reader = spool_.text(one.ref, one.envelope.body_octets);
  for (std::uint64_t at = 0; at < one.envelope.body_octets;) {
    const auto piece = reader->next(piece_octets);
    if (!piece || piece->empty()) {
      summary_.damaged.push_back(one.ref.id.text() + ": " + (piece ? "its text is cut short" : piece.error().what));
      EPOST_DISK_VOID(disk_.remove(path));
      return false;
    }
    EPOST_DISK_VOID((*file)->write_at(at, *piece));
    at += piece->size();
  }
  EPOST_DISK_VOID((*file)->flush());
  return true;
}

spool::SpoolResult<> Exporter::write_envelope(const Waiting& one, const std::vector<std::uint32_t>& recipients,
                                              const std::string& stem, const std::string& path) {
  Envelope envelope{"<" + stem + "@" + options_.hostname + ">", one.envelope.reverse_path, {}};
  for (const auto index : recipients) envelope.recipients.push_back(one.envelope.recipients[index].address);
  EPOST_DISK_VOID(io::replace_file(disk_, path, print_rcp(envelope)));
  return {};
}

spool::SpoolResult<> Exporter::written(const Waiting& one) {
  ++summary_.messages;
  summary_.recipients += one.recipients.size();
  if (options_.ours == ExportOptions::Ours::Keep || !real()) return {};
  spool::Settlement settlement{one.ref, {}, {}};
  for (const auto index : one.recipients) {
    settlement.outcomes.push_back({index, spool::Outcome::Discarded, {}});
    summary_.taken_out.push_back({one.ref.id, one.envelope.reverse_path.text(), one.envelope.recipients[index].address.text(), one.envelope.accepted_at});
  }
  to_remove_.push_back(std::move(settlement));
  return {};
}

// E-Post would send it in the clear as well, at once, or late: what demands more stays here.
bool Exporter::may_leave(const TraceId& id, const hikyaku::Envelope& envelope) {
  const auto stays = [&](std::string_view why) { return summary_.damaged.push_back(id.text() + ": it stays here; its sender " + std::string(why) + ", which E-Post does not know"), false; };
  if (envelope.tls_wish == TlsWish::Require) return stays("demands TLS on the whole way (REQUIRETLS)");
  if (envelope.release && envelope.release->at > SystemClock{}.wall()) return stays("wants it held until later (FUTURERELEASE)");
  if (envelope.deliver_by && envelope.deliver_by->mode == ByMode::Return) return stays("wants it back if it is not delivered in time (DELIVERBY)");
  return true;
}

// Text first: the envelope is the key, and a pair without its text would be lost to E-Post.
spool::SpoolResult<> Exporter::write_fresh(const Waiting& one) {
  if (!may_leave(one.ref.id, one.envelope)) return {};
  if (real()) {
    const auto stem = next_stem();
    TRY(whole, write_text(one, in("incoming/" + stem + ".MSG")));
    if (!whole) return {};
    TRY_VOID(write_envelope(one, one.recipients, stem, in("incoming/" + stem + ".RCP")));
  }
  return written(one);
}

spool::SpoolResult<> Exporter::write_deferred(const TraceId& id, const std::vector<spool::Schedule>& schedules) {
  Waiting one{{id, 0, {}}, {}, {}};
  auto envelope = spool_.envelope(one.ref);
  if (!envelope) return summary_.damaged.push_back(id.text() + ": " + envelope.error().what), spool::SpoolResult<>{};
  one.envelope = std::move(*envelope);
  if (!may_leave(id, one.envelope)) return {};
  std::map<std::string, std::vector<std::uint32_t>> by_domain;
  for (const auto& schedule : schedules) {
    if (schedule.recipient >= one.envelope.recipients.size()) continue;
    const auto& domain = one.envelope.recipients[schedule.recipient].address.domain;
    by_domain[folder_name(domain)].push_back(schedule.recipient);
    one.recipients.push_back(schedule.recipient);
    auto& retry = domains_[folder_name(domain)];
    retry.domain = domain;
    retry.tries = std::max(retry.tries, schedule.attempts);
    retry.last_tried = seconds_since_1601(options_.now);
    if (const auto code = code_of(schedule.last_reply); code != 0) retry.error_code = code;
  }
  if (real()) {
    const auto stem = next_stem();
    TRY(whole, write_text(one, in("holding/" + stem + ".MSG")));
    if (!whole) return {};
    for (const auto& [folder, recipients] : by_domain) {
      EPOST_DISK_VOID(disk_.make_folder(in("domains/" + folder)));
      TRY_VOID(write_envelope(one, recipients, stem, in("domains/" + folder + "/" + stem + ".RCP")));
    }
  }
  return written(one);
}

spool::SpoolResult<> Exporter::write_retry_data() {
  summary_.domains = domains_.size();
  if (!real()) return {};
  for (const auto& [folder, retry] : domains_)
    if (disk_.info(in("domains/" + folder))) EPOST_DISK_VOID(io::replace_file(disk_, in("domains/" + folder + "/Domain.mri"), print_domain_mri(retry)));
  for (const auto folder : {"incoming", "holding", "domains"}) EPOST_DISK_VOID(disk_.sync_folder(in(folder)));
  return {};
}

spool::SpoolResult<ExportSummary> Exporter::run(const std::function<void(std::size_t)>& progress) {
  TRY_VOID(prepare());
  std::map<TraceId, std::vector<spool::Schedule>> deferred;
  spool_.for_each_deferred([&](const spool::DeferredRecipient& one) { deferred[one.id].push_back(one.schedule); });
  for (const auto& [id, schedules] : deferred) {
    TRY_VOID(write_deferred(id, schedules));
    progress(summary_.messages);
  }
  for (;;) {
    TRY(fresh, spool_.fresh(1'000));
    if (fresh.empty()) break;
    for (auto& one : fresh) {
      if (!one.damage.empty()) {
        summary_.left_here += one.open.size();
        continue;
      }
      Waiting waiting{one.ref, std::move(one.envelope), {}};
      // What may be in its mailbox already must not be given to somebody who cannot know.
      for (const auto& open : one.open)
        if (open.delivery == spool::Delivery::First) waiting.recipients.push_back(open.index);
      summary_.left_here += one.open.size() - waiting.recipients.size();
      if (!waiting.recipients.empty()) TRY_VOID(write_fresh(waiting));
      progress(summary_.messages);
    }
  }
  TRY_VOID(write_retry_data());
  // Everything of theirs is on disk: only now does ours go.
  TRY_VOID(spool_.settle(to_remove_));
  TRY_VOID(spool_.flush());
  return std::move(summary_);
}

}  // namespace

spool::SpoolResult<ExportSummary> export_spool(io::Disk& disk, spool::Spool& spool, const ExportOptions& options,
                                               const std::function<void(std::size_t messages)>& progress) {
  return Exporter(disk, spool, options).run(progress);
}

}  // namespace hikyaku::epost_spool
