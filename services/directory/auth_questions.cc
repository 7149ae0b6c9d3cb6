// What `auth` answers about addresses, senders and rights: from the directory's snapshot, without waiting.
#include <algorithm>

#include "base/checksum.h"
#include "services/directory/auth_service.h"
#include "services/directory/recipient_judgement.h"

namespace hikyaku::directory {

namespace {

TemporaryFailure no_directory() { return {std::string(no_directory_sentence)}; }

}  // namespace

AuthService::Reply AuthService::resolve(const auth_protocol::ResolveRequest& request) {
  const auto snapshot = reader_.snapshot();
  if (!snapshot) return no_directory();
  const auto secrets = options_.srs != nullptr ? options_.srs->current() : std::make_shared<const srs::Secrets>();
  return judge_recipient(*snapshot, request, {options_.relay_networks, quotas_, *secrets});
}

// Content rows are in no snapshot: read on a worker when the directory has changed since.
Task<bool> AuthService::learn_content(std::uint32_t from) {
  const auto snapshot = reader_.snapshot();
  if (options_.content == nullptr || from != 0 || !snapshot || (content_known_ && content_.version >= snapshot->version())) co_return true;
  auto reading = workers_.run(loop_, [engine = options_.content, deadline = loop_.after(std::chrono::seconds{3})] { return read_content(*engine, deadline); });
  auto read = co_await std::move(reading);
  if (!read || !*read) co_return false;
  content_changed_ = content_changed_ || !content_known_ || content_.rows != (*read)->rows;
  content_ = std::move(**read);
  content_known_ = true;
  co_return true;
}

// Made once for each version of the directory; the same rows have the same stamp.
AuthService::Reply AuthService::access_rows(const auth_protocol::AccessRequest& request) {
  constexpr std::size_t piece = auth_protocol::most_octets / 2;
  const auto snapshot = reader_.snapshot();
  if (!snapshot) return no_directory();
  // Further pieces are of the table that was begun: its stamp tells when another took its place.
  if (request.from == 0 && (access_of_ != snapshot->version() || content_changed_)) {
    if (access_stamp_ == 0 || content_changed_ || access_rows_ != snapshot->contents().access) {
      content_changed_ = false;
      access_rows_ = snapshot->contents().access;
      access_text_.clear();
      for (const auto& row : access_rows_) access_text_ += print_access_row(row) + '\n';
      for (const auto& row : content_.rows) access_text_ += print_content_row(row) + '\n';
      access_stamp_ = checksum(access_text_) | 1;  // 0 is nobody's
    }
    access_of_ = snapshot->version();
  }
  if (request.from == 0 && request.stamp == access_stamp_) return AccessPage{.stamp = access_stamp_};
  if (request.from > access_text_.size()) return AccessPage{.stamp = access_stamp_};
  auto text = access_text_.substr(request.from, piece);
  const auto next = request.from + text.size();
  return AccessPage{access_stamp_, std::move(text), next < access_text_.size() ? static_cast<std::uint32_t>(next) : 0};
}

AuthService::Reply AuthService::may_send_as(const auth_protocol::SendAsRequest& request) const {
  const auto snapshot = reader_.snapshot();
  if (!snapshot) return no_directory();
  SendRight right = snapshot->owns(request.account, request.reverse_path) ? SendRight::Yes : SendRight::No;
  if (snapshot->suspension(request.account) != nullptr) right = SendRight::Suspended;
  else if (!snapshot->login_counts(request.account, request.logged_in)) right = SendRight::Over;
  return auth_protocol::SendAsReply{right, snapshot->version()};
}

Task<AuthService::Reply> AuthService::sent(auth_protocol::SentRequest request) {
  auto& report = request.report;
  const auto snapshot = reader_.snapshot();
  if (!snapshot) co_return no_directory();
  const auto version = snapshot->version();
  const auto* account = snapshot->account(report.account);
  if (account == nullptr) co_return auth_protocol::SendAsReply{SendRight::No, version};
  if (snapshot->suspension(report.account) != nullptr) co_return auth_protocol::SendAsReply{SendRight::Suspended, version};
  if (const auto* former = snapshot->last_suspension(report.account)) guard_.settle(*former);
  auto counting = guard_.sent({report.account, account->address.text(), std::move(report.client_address), std::move(report.client_name), report.recipients, report.refused, report.refused_elsewhere});
  const bool suspended = co_await std::move(counting);
  co_return auth_protocol::SendAsReply{suspended ? SendRight::Suspended : SendRight::Yes, version};
}

AuthService::Reply AuthService::rights(const PeerContext& peer) const {
  const auto snapshot = reader_.snapshot();
  if (!snapshot) return no_directory();
  const auto address = io::IpAddress::parse(peer.client_address);
  const bool listed = address && std::ranges::any_of(options_.relay_networks, [&](const auto& network) { return network.contains(*address); });
  return PeerRights{mechanisms(peer), listed || snapshot->network(peer.client_address).relay == Enabled::Yes};
}

}  // namespace hikyaku::directory
