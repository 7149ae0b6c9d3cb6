#include "services/delivery/report/failure_cause.h"

#include <algorithm>
#include <span>

#include "base/cursor.h"

namespace hikyaku::delivery {
namespace {

using enum WhoActs;

constexpr BothLanguages check_address{"Check the spelling of the address and send the message again to the right one.",
                                      "アドレスの綴りを確かめ、正しい宛先に送り直してください。"};
constexpr BothLanguages tell_recipient{"Tell the recipient by other means (telephone, another address).",
                                       "電話や別のアドレスなど、ほかの手段で受信者に知らせてください。"};
constexpr BothLanguages tell_them{"Pass this report on to the recipient's administrator; the remote server's words below tell them what to look for.",
                                  "この通知を相手側の管理者に渡してください。下の応答文が手がかりになります。"};
constexpr BothLanguages tell_us{"Forward this report to the administrator of this mail server.",
                                "この通知を、このメールサーバの管理者に転送してください。"};
constexpr BothLanguages send_later{"Send the message again later. If it is urgent, reach the recipient by other means.",
                                   "時間をおいて送り直してください。急ぎのときは、ほかの手段で受信者に連絡してください。"};
constexpr BothLanguages make_smaller{"Send a smaller message, for example with a link instead of the attachment.",
                                     "添付ファイルをリンクに替えるなどして、小さくして送り直してください。"};

constexpr FailureCause table[] = {
    // X.1: addressing
    {"1.0", {"The remote server does not accept this address.", "相手のサーバは、このアドレスを受け付けません。"}, Sender, check_address},
    {"1.1", {"There is no such user at this domain.", "このアドレスの利用者はいません。"}, Sender, check_address},
    {"1.2", {"There is no such mail domain.", "このドメイン(@ の右側)は存在しないか、メールを受け取りません。"}, Sender, check_address},
    {"1.3", {"The address is written wrongly.", "アドレスの書き方に誤りがあります。"}, Sender, check_address},
    {"1.4", {"The address fits more than one mailbox.", "アドレスに当てはまるメールボックスが複数あります。"}, Sender, check_address},
    {"1.6", {"The mailbox has moved and left no forwarding address.", "メールボックスは移転し、転送先がわかりません。"}, Sender,
     {"Ask the recipient for the new address.", "受信者に新しいアドレスを尋ねてください。"}},
    {"1.7", {"The remote server takes your own address (the sender) for invalid.", "送信者(あなた)のアドレスが正しくないと判断されました。"}, Sender,
     {"Check the sender address in your mail program's account settings.", "メールソフトのアカウント設定で、差出人のアドレスを確かめてください。"}},
    {"1.8", {"The domain of your own address (the sender) cannot be verified.", "送信者(あなた)のドメインを相手のサーバが確認できません。"}, OurAdministrator, tell_us},
    {"1.10", {"The domain has declared that it takes no mail at all (null MX).", "このドメインは、メールを一切受け取らないと宣言しています。"}, Sender, check_address},
    // X.2: the mailbox
    {"2.0", {"The recipient's mailbox does not accept the message.", "受信者のメールボックスが、このメールを受け付けません。"}, Recipient, tell_recipient},
    {"2.1", {"The recipient's mailbox is disabled.", "受信者のメールボックスは停止されています。"}, Recipient, tell_recipient},
    {"2.2", {"The recipient's mailbox is full.", "受信者のメールボックスがいっぱいです。"}, Recipient,
     {"Ask the recipient by other means to make room, then send the message again.", "受信者にほかの手段で知らせ、空きができてから送り直してください。"}},
    {"2.3", {"The message is larger than this recipient may receive.", "この受信者が受け取れる大きさを超えています。"}, Sender, make_smaller},
    {"2.4", {"The mailing list could not be expanded.", "メーリングリストを展開できませんでした。"}, TheirAdministrator, tell_them},
    // X.3: the mail system
    {"3.0", {"The mail system could not handle the message.", "メールシステムが、このメールを処理できませんでした。"}, TheirAdministrator, tell_them},
    {"3.1", {"The remote mail system is full.", "相手のメールシステムの容量がいっぱいです。"}, TheirAdministrator, send_later},
    {"3.2", {"The remote mail system takes no mail at present.", "相手のメールシステムは、いまメールを受け付けていません。"}, TheirAdministrator, send_later},
    {"3.3", {"The remote mail system lacks a feature that the message needs.", "相手のメールシステムは、このメールに必要な機能を持っていません。"}, Sender, tell_them},
    {"3.4", {"The message is larger than the remote server takes.", "メールが大きすぎて、相手のサーバが受け取りません。"}, Sender, make_smaller},
    {"3.5", {"A mail system on the way is configured wrongly.", "経路上のメールシステムの設定に誤りがあります。"}, TheirAdministrator, tell_them},
    // X.4: network and routing
    {"4.0", {"The message could not be carried over the network.", "ネットワークの問題で、メールを届けられません。"}, TheirAdministrator, send_later},
    {"4.1", {"The remote mail server does not answer.", "相手のメールサーバが応答しません。"}, TheirAdministrator, send_later},
    {"4.2", {"The connection to the remote mail server broke.", "相手のメールサーバとの接続が途中で切れました。"}, TheirAdministrator, send_later},
    {"4.3", {"The domain's name servers (DNS) give no usable answer.", "宛先ドメインの DNS から有効な応答が得られません。"}, TheirAdministrator,
     {"Check the part of the address after the @. If it is right, the recipient's administrator must look at the domain's DNS.",
      "アドレスの @ より右を確かめてください。正しければ、相手側の管理者が DNS を調べる必要があります。"}},
    {"4.4", {"There is no way to the recipient's mail server.", "宛先のメールサーバへの経路がありません。"}, TheirAdministrator, tell_them},
    {"4.5", {"The remote mail system is overloaded.", "相手のメールシステムが混雑しています。"}, TheirAdministrator, send_later},
    {"4.6", {"The message went round in circles between mail servers (mail loop).", "メールがサーバ間を循環しています(メールループ)。"}, OurAdministrator,
     {"Forward this report to the administrator: forwards, aliases or routes point at each other.",
      "この通知を管理者に転送してください。転送、エイリアス、経路の設定が循環しています。"}},
    {"4.7", {"The message could not be delivered within the time set for it.", "定められた期間内に配送できませんでした。"}, TheirAdministrator, send_later},
    // X.5: the protocol
    {"5.0", {"The mail servers did not understand each other.", "メールサーバ間のやり取りに失敗しました。"}, OurAdministrator, tell_us},
    {"5.1", {"The remote server refused a command of this mail server.", "相手のサーバが、このサーバのコマンドを拒否しました。"}, OurAdministrator, tell_us},
    {"5.2", {"The remote server did not understand a command of this mail server.", "相手のサーバが、このサーバのコマンドを理解できませんでした。"}, OurAdministrator, tell_us},
    {"5.3", {"The message has more recipients than the remote server takes.", "宛先の数が、相手のサーバの上限を超えています。"}, Sender,
     {"Send the message again in smaller groups of recipients.", "宛先を分けて送り直してください。"}},
    {"5.4", {"The remote server refused a parameter of a command.", "相手のサーバが、コマンドの引数を拒否しました。"}, OurAdministrator, tell_us},
    {"5.6", {"A mail server failed to authenticate at the next one.", "次のメールサーバでの認証に失敗しました。"}, OurAdministrator, tell_us},
    // X.6: the content
    {"6.0", {"The remote server does not like the content of the message.", "メールの内容が、相手のサーバに受け付けられませんでした。"}, Sender,
     {"Change the message (attachments, links, format) and send it again.", "添付ファイル、リンク、形式などを見直して送り直してください。"}},
    {"6.1", {"The kind of content is not supported by the remote server.", "内容の種類に、相手のサーバが対応していません。"}, Sender,
     {"Send the content in another form, for example as plain text.", "テキスト形式など、別の形式で送り直してください。"}},
    {"6.2", {"The content would have to be converted, which is not allowed.", "内容の変換が必要ですが、変換は許されていません。"}, Sender,
     {"Send the content in another form, for example as plain text.", "テキスト形式など、別の形式で送り直してください。"}},
    {"6.3", {"The content would have to be converted, which is not possible.", "内容の変換が必要ですが、変換できません。"}, Sender,
     {"Send the content in another form, for example as plain text.", "テキスト形式など、別の形式で送り直してください。"}},
    {"6.7", {"The address has characters that the remote server does not support (SMTPUTF8).", "アドレスに含まれる文字(国際化アドレス)に、相手のサーバが対応していません。"}, Sender,
     {"Ask the recipient for an address in ASCII characters.", "受信者に、英数字のアドレスを尋ねてください。"}},
    {"6.9", {"The message has characters that the remote server does not support (SMTPUTF8).", "メールに含まれる文字(国際化ヘッダ)に、相手のサーバが対応していません。"}, Sender,
     {"Ask the recipient for an address in ASCII characters.", "受信者に、英数字のアドレスを尋ねてください。"}},
    // X.7: security and policy
    {"7.0", {"The remote server refuses the message by its policy.", "相手のサーバの方針により、受け取りを拒否されました。"}, TheirAdministrator, tell_them},
    {"7.1", {"The remote server does not allow this mail to be delivered.", "相手のサーバが、このメールの配送を許可していません。"}, TheirAdministrator, tell_them},
    {"7.2", {"You are not allowed to write to this mailing list.", "このメーリングリストへの投稿は許可されていません。"}, Sender,
     {"Ask the owner of the list to be admitted.", "リストの管理者に、投稿の許可を求めてください。"}},
    {"7.5", {"The message is protected by cryptography that the remote server cannot handle.", "相手のサーバが、このメールの暗号化や署名を扱えません。"}, Sender, tell_them},
    {"7.8", {"A mail server failed to authenticate at the next one.", "次のメールサーバでの認証に失敗しました。"}, OurAdministrator, tell_us},
    {"7.10", {"The connection would have to be encrypted, and cannot be.", "暗号化した接続が必要ですが、確立できません。"}, OurAdministrator, tell_us},
    {"7.13", {"The recipient's account is disabled.", "受信者のアカウントは停止されています。"}, Recipient, tell_recipient},
    {"7.20", {"The message carries no valid signature (DKIM) of the sender's domain.", "送信ドメインの有効な署名(DKIM)がありません。"}, OurAdministrator, tell_us},
    {"7.21", {"The signature (DKIM) of the message is not one the remote server accepts.", "署名(DKIM)が、相手のサーバに認められませんでした。"}, OurAdministrator, tell_us},
    {"7.22", {"The signature (DKIM) of the message is not one of the author's domain.", "署名(DKIM)が、差出人のドメインと一致しません。"}, OurAdministrator, tell_us},
    {"7.23", {"The sender's domain does not permit this mail server (SPF).", "送信ドメインの SPF が、このサーバからの送信を許していません。"}, OurAdministrator, tell_us},
    {"7.24", {"The SPF record of the sender's domain cannot be read.", "送信ドメインの SPF レコードを読み取れません。"}, OurAdministrator, tell_us},
    {"7.25", {"This mail server's address has no matching name in DNS (reverse lookup).", "このサーバの IP アドレスの逆引きが正しく設定されていません。"}, OurAdministrator, tell_us},
    {"7.26", {"The message failed the checks of its sender (SPF, DKIM, DMARC).", "送信ドメイン認証(SPF、DKIM、DMARC)に失敗しました。"}, OurAdministrator, tell_us},
    {"7.27", {"The domain of your own address (the sender) takes no mail, so it may send none.", "送信者のドメインはメールを受け取らない設定のため、拒否されました。"}, OurAdministrator, tell_us},
    {"7.28", {"Too much mail came in a short time.", "短時間に多くのメールが送られたため、制限されています。"}, OurAdministrator,
     {"Wait before you send more. If you did not send much, tell the administrator.", "しばらく待ってください。心当たりがなければ管理者に知らせてください。"}},
    {"7.29", {"The chain of forwarding seals (ARC) of the message is broken.", "転送経路の認証情報(ARC)が壊れています。"}, OurAdministrator, tell_us},
    {"7.30", {"The message demands encryption (REQUIRETLS) that a server on the way does not offer.", "必須の暗号化(REQUIRETLS)に、経路上のサーバが対応していません。"}, TheirAdministrator, tell_them},
    // Without a code: by the reply (RFC 5321 §4.2.3) or by what happened.
    {"refused", {"The remote server refused the message.", "相手のサーバに受け取りを拒否されました。"}, TheirAdministrator,
     {"Check the address. If it is right, pass this report on to the recipient's administrator.",
      "アドレスを確かめてください。正しければ、この通知を相手側の管理者に渡してください。"}},
    {"busy", {"The remote server asked this server to try again later.", "相手のサーバが、あとで送り直すよう求めています。"}, TheirAdministrator, send_later},
    {"greylisted", {"The remote server makes unknown senders wait (greylisting).", "相手のサーバは、初めての相手をしばらく待たせます(グレイリスト)。"}, TheirAdministrator, send_later},
    {"timeout", {"The remote mail server does not answer in time.", "相手のメールサーバが、時間内に応答しません。"}, TheirAdministrator, send_later},
    {"connection-refused", {"The remote machine is there, but its mail server is not running (connection refused).",
                            "相手のマシンは動いていますが、メールサーバが動いていません(接続拒否)。"}, TheirAdministrator, send_later},
    {"unreachable", {"The remote mail server cannot be reached over the network.", "相手のメールサーバに、ネットワークで到達できません。"}, TheirAdministrator, send_later},
    {"tls", {"No encrypted connection to the remote server could be made.", "相手のサーバと、暗号化した接続を確立できません。"}, TheirAdministrator, tell_them},
    {"reputation", {"The remote server distrusts mail from this server (authentication or reputation).", "相手のサーバが、このサーバからのメールを信用していません(認証または評価)。"}, OurAdministrator, tell_us},
    {"damaged", {"The message was damaged on this mail server's disk.", "このサーバのディスク上で、メールが壊れました。"}, OurAdministrator,
     {"Send the message again, and tell the administrator.", "メールを送り直し、管理者に知らせてください。"}},
    {"unknown", {"The message could not be delivered.", "メールを配送できませんでした。"}, OurAdministrator, tell_us},
};

const FailureCause* row(std::string_view code) {
  const auto* found = std::ranges::find(table, code, &FailureCause::code);
  return found == std::end(table) ? nullptr : found;
}

// RFC 5321 §4.2.3: what a reply code alone says; 550 and 554 have meant everything.
std::string_view code_of_reply(std::string_view diagnostic) {
  static constexpr std::pair<std::string_view, std::string_view> replies[] = {
      {"421", "3.2"}, {"450", "busy"}, {"451", "busy"}, {"452", "3.1"}, {"530", "7.8"}, {"535", "7.8"},
      {"551", "1.6"}, {"552", "3.4"},  {"553", "1.3"},  {"556", "1.10"}};
  const auto code = diagnostic.substr(0, 3);
  for (const auto& [reply, meaning] : replies)
    if (reply == code) return meaning;
  if (code.starts_with('4')) return "busy";
  return code.starts_with('5') ? "refused" : "";
}

// What we saw ourselves tells more than the code we gave it, and a greylist more than the 4.7.1 it answers with.
std::string_view certain_code(FailureClass failure) {
  switch (failure) {
    case FailureClass::Greylisted: return "greylisted";
    case FailureClass::Timeout: return "timeout";
    case FailureClass::ConnectionRefused: return "connection-refused";
    case FailureClass::Unreachable: return "unreachable";
    case FailureClass::LineCut: return "4.2";
    case FailureClass::NoDnsAnswer: return "4.3";
    case FailureClass::Tls: return "tls";
    default: return {};
  }
}

std::string_view code_of_class(FailureClass failure) {
  switch (failure) {
    case FailureClass::Refused: return "refused";
    case FailureClass::Transient: return "busy";
    case FailureClass::NoAnswer: return "4.1";
    case FailureClass::Name: return "1.2";
    case FailureClass::Policy:
    case FailureClass::PolicyRefused: return "reputation";
    default: return "unknown";
  }
}

}  // namespace

BothLanguages words(WhoActs who) {
  switch (who) {
    case Sender: return {"you, the sender", "送信者(あなた)"};
    case Recipient: return {"the recipient", "受信者"};
    case TheirAdministrator: return {"the administrator of the recipient's mail server", "相手側のメールサーバの管理者"};
    case OurAdministrator: return {"the administrator of this mail server", "このメールサーバの管理者"};
  }
  return {};
}

const FailureCause& cause_of(std::string_view status, std::string_view diagnostic, std::optional<FailureClass> failure) {
  const auto dot = status.find('.');
  const auto code = dot == std::string_view::npos ? std::string_view{} : status.substr(dot + 1);
  if (const auto* certain = failure ? row(certain_code(*failure)) : nullptr; certain != nullptr) return *certain;
  const bool distrusted = failure == FailureClass::Policy || failure == FailureClass::PolicyRefused;
  if (distrusted && (code == "7.0" || code == "7.1" || code == "0.0")) return *row("reputation");
  // A damaged text is our own trouble, whatever 5.3.0 says of others.
  if (code == "3.0" && diagnostic.empty() && failure == FailureClass::Refused) return *row("damaged");
  if (const auto* by_status = row(code); by_status != nullptr) return *by_status;
  // "5.1.99": a detail nobody has registered; its subject still tells. "5.0.0" has none.
  if (const auto* by_subject = row(std::string(code.substr(0, code.find('.'))) + ".0"); by_subject != nullptr) return *by_subject;
  if (const auto* by_reply = row(code_of_reply(diagnostic)); by_reply != nullptr) return *by_reply;
  if (const auto* by_class = failure ? row(code_of_class(*failure)) : nullptr; by_class != nullptr) return *by_class;
  return *row("unknown");
}

}  // namespace hikyaku::delivery
