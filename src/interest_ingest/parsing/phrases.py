"""What mail programs and letter writers say in many languages: only words, one table for each use.

Words help where the shape of a line is not enough; a language that is missing here is still read by shape.
"""

from __future__ import annotations

import re
from typing import Final


def _words(*lines: str) -> frozenset[str]:
    return frozenset(word for line in lines for word in line.split("|"))


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("(?i)" + "|".join(patterns))


def _any_lower(*patterns: str) -> re.Pattern[str]:
    """For lower-case text: without the flag `re` skips, at each character, to where an alternative can begin."""
    return re.compile("|".join(patterns))


WROTE: Final = re.compile(
    r"(?i)\b(wrote|writes|said|пишет|писал|писала|написал|написала|написал\(а\)|пише|писав|написав|написала|"
    r"schrieb|écrit|"
    r"escribió|escribio|escreveu|ha scritto|scrive|yazdı|napisał|napisała|napisał\(a\)|pisze|schreef|skrev|"
    r"kirjoitti|"
    r"napsal|napsala|írta|a scris)\b|写道|寫道|書きました|のメール|작성|님이|نوشت|كتب|کتب|लिखा"
)
"""The verb of `Anna wrote:`."""

YOU: Final = re.compile(
    r"(?i)\W*(you|i|we|he|she|they|вы|ты|я|мы|ви|ти|ми|он|она|они|sie|du|ich|wir|er|vous|tu|je|nous|il|elle|"
    r"usted|tú|yo|"
    r"voi|lei|você|wy|ty|siz|sen|شما|من|आपने)\b"
)
"""`You wrote:` is a sentence of the writer himself."""

KEYS: Final[dict[str, frozenset[str]]] = {
    "from": _words(
        "from|von|de|от|от кого|від|від кого|da|van|od|fra|från|kimden|gönderen|lähettäjä|feladó|expéditeur|remitente",
        "mittente|afzender|avsändare|nadawca|отправитель|відправник|από|מאת|از|فرستنده|من|المرسل|प्रेषक|de la",
        "差出人|送信者|发件人|寄件者|寄件人|보낸 사람|보낸사람",
    ),
    "date": _words(
        "date|sent|datum|gesendet|envoyé|envoyé le|enviado|enviada|enviado el|enviado em|data|fecha|inviato|verzonden",
        "дата|отправлено|дата отправки|надіслано|wysłano|gönderildi|gönderme tarihi|tarih|sendt|skickat|dato|odesláno",
        "elküldve|lähetetty|trimis|تاریخ|ارسال|ارسال شده|التاريخ|تم الإرسال|تاريخ الإرسال|भेजा गया|दिनांक|तारीख",
        "送信日時|日時|日付|发送时间|日期|寄件日期|보낸 날짜|날짜",
    ),
    "to": _words(
        "to|an|à|a|para|кому|pour|aan|til|till|kime|alıcı|komu|címzett|către|vastaanottaja|به|گیرنده|إلى|الى",
        "प्रति|प्राप्तकर्ता|宛先|收件人|收件者|받는 사람|받는사람",
    ),
    "cc": _words("cc|kopie|копия|копія|bcc|bilgi|kopia|kopi|رونوشت|نسخة|प्रतिलिपि|抄送|참조"),
    "reply-to": _words("reply-to|ответить|antwort an"),
    "subject": _words(
        "subject|betreff|objet|asunto|assunto|oggetto|onderwerp|тема|emne|ämne|temat|konu|předmět|tárgy|aihe|subiect",
        "موضوع|الموضوع|विषय|件名|主题|主題|主旨|제목",
    ),
}
"""The keys of a copied mail header, by what they mean."""

KEY_OF: Final = {word: key for key, words in KEYS.items() for word in words}

FORWARDED: Final = re.compile(
    r"(?i)forwarded message|begin forwarded|fwd?:? message|пересылаем|пересланн|переслано|начало переадресованн|"
    r"переадресован|weitergeleitet|anfang der weitergeleiteten|message transf|transféré|début du message|reenviad|"
    r"mensaje reenviado|inicio del mensaje|encaminhad|inoltrat|inizio messaggio|przekazan|iletilen|yönlendirilen|"
    r"doorgestuurd|vidarebefordra|videresend|переслан|переадресов|转发|轉寄|転送|전달된|ارسال شده|باز ?ارسال|"
    r"فوروارد|"
    r"تمت إعادة توجيه|المُعاد توجيهها|إعادة توجيه|अग्रेषित|फ़ॉरवर्ड"
)
"""In the line over a forwarded mail."""

FORWARD_PREFIX: Final = re.compile(
    r"(?i)\s*(?:(?:fwd?|wg|tr|rv|enc|i|doorst|vs|vb|pd|転送|转发|轉寄|пересл|пер|ответ: пер)\s?[:：]\s*)+"
)
"""Before the subject of a forwarded mail."""

SENT_FROM: Final = re.compile(
    r"(?i)\b(sent (from|with|via|using)|get|télécharge[rz]|obtenir|obtenez|obtener|"
    r"descarga(r|ue)?|obter|obtenha|scarica|"
    r"ottieni|holen sie sich|laden sie|pobierz|скачать|скачайте|загрузить|завантажити|edinin|"
    r"отправлен\w+|послано|надіслан\w+|відправлен\w+|gesendet|versendet|"
    r"envoyé|"
    r"enviado|inviat[oa]|wysłan\w+|gönderildi|verzonden|verstuurd|skickat|sendt)\b|送信|发送|發送|发自|發自|"
    r"寄出|から|보냄|"
    r"ارسال|فرستاده|أ?رسل|भेजा"
)
DEVICE: Final = re.compile(
    r"(?i)iphone|ipad|android|galaxy|samsung|huawei|xiaomi|redmi|\boutlook\b|\bmail\b|почт|пошт|blackberry|"
    r"yahoo|windows|"
    r"мобильн|мобільн|proton|gmail|телефон|смартфон|\bhandy\b|\bmobile\b|smartphone|\bdevice\b|آیفون|موبایل|"
    r"گوشی|آيفون|"
    r"الهاتف|फ़ोन|फोन|手机|手機|スマートフォン"
)
"""`Sent from my iPhone`: the verb and the thing."""

CLOSINGS: Final = _words(
    "best|best regards|best wishes|all the best|kind regards|kindest regards|warm regards|warmly|regards|many thanks",
    "thanks|thank you|thanks in advance|thank you in advance|sincerely|sincerely yours|yours sincerely",
    "yours faithfully|yours truly|yours|cheers|respectfully|with best regards|with kind regards|with regards|br|kr",
    "с уважением|с наилучшими пожеланиями|с искренним уважением|всего доброго|всего хорошего|всего наилучшего",
    "с наилучшими|заранее спасибо|заранее благодарю|спасибо|с приветом|искренне ваш|искренне ваша|хорошего дня",
    "з повагою|з найкращими побажаннями|щиро|щиро ваш|дякую|наперед дякую|всього найкращого|гарного дня",
    "mit freundlichen grüßen|mit freundlichem gruß|mit freundlichen grüssen|freundliche grüße|viele grüße|beste grüße",
    "liebe grüße|herzliche grüße|schöne grüße|mit besten grüßen|hochachtungsvoll|mfg|lg|vg|gruß|grüße|vielen dank",
    "cordialement|bien cordialement|bien à vous|sincères salutations|salutations distinguées|salutations|amicalement",
    "respectueusement|meilleures salutations|merci|merci d'avance|merci par avance|d'avance merci|très cordialement",
    "saludos|un saludo|saludos cordiales|un cordial saludo|atentamente|cordialmente|gracias|muchas gracias",
    "atenciosamente|cumprimentos|com os melhores cumprimentos|melhores cumprimentos|abraços|obrigado|obrigada",
    "cordiali saluti|distinti saluti|saluti|grazie|grazie mille|un cordiale saluto",
    "z poważaniem|pozdrawiam|z pozdrowieniami|serdecznie pozdrawiam|pozdrowienia|dziękuję",
    "saygılarımla|saygılarımızla|iyi çalışmalar|teşekkürler|sevgiler|selamlar|kolay gelsin",
    "met vriendelijke groet|met vriendelijke groeten|vriendelijke groeten|groeten|mvg",
    "با احترام|با تشکر|با سپاس|ارادتمند|با سپاس فراوان|سپاس|با آرزوی موفقیت|با درود",
    "مع التحية|مع خالص التحية|تحياتي|مع أطيب التحيات|وتفضلوا بقبول فائق الاحترام|مع الشكر|شكرا",
    "よろしくお願いします|よろしくお願いいたします|よろしくお願い致します|宜しくお願いします|宜しくお願い致します|敬具",
    "以上、よろしくお願いいたします|何卒よろしくお願いいたします|此致|敬礼|祝好|谢谢|謝謝|顺颂商祺|감사합니다",
    "सादर|धन्यवाद|भवदीय|शुभकामनाओं सहित",
)
"""The line before the writer's name."""

POSTSCRIPT: Final = re.compile(r"(?i)(p\.?\s?p?\.?s|п\.?\s?с|з\.?\s?і|追伸|पुनश्च|پ\.?\s?ن)\b")

COMPANY: Final = re.compile(
    r"(?i)(?<!\w)(ООО|ОАО|ЗАО|ПАО|АО|ИП|НКО|ТОВ|ФОП|ПП|ПрАТ|ТДВ|ЧП|ГУП|ООД|ЕООД)(?=\s|[«\"“„])|"
    r"\b(ltd|limited|llc|inc|incorporated|corp|corporation|plc|llp|lp|co|company|gmbh|ag|kg|kgaa|ohg|gbr|ug|"
    r"e\.\s?k|e\.\s?v|"
    r"s\.?\s?a\.?\s?r\.?\s?l|sarl|sas|sasu|eurl|s\.\s?a|s\.\s?l|s\.\s?p\.\s?a|spa|srl|s\.\s?r\.\s?l|ltda|lda|"
    r"b\.?\s?v|n\.?\s?v|oy|oyj|ab|aps|a/s|sp\.?\s?z\s?o\.?\s?o|s\.?\s?r\.?\s?o|kft|zrt|d\.?o\.?o|pty|pvt|"
    r"a\.\s?ş|ltd\.?\s?şti|şti|& (sons?|daughters?|co|fils|söhne|hijos|figli)|group|holding|studio|bros)\b\.?|"
    r"株式会社|有限会社|合同会社|㈱|有限公司|公司|㈜|\(주\)|주식회사|شرکت|مؤسسه|شركة|مؤسسة|"
    r"प्राइवेट लिमिटेड|लिमिटेड|कंपनी|חברת|בע\"מ"
)
"""A legal form or another word that makes a line of a signature the name of a company."""

ROBOT: Final = re.compile(
    r"(?i)(.{0,60}[._+-])?(no|do[._-]?not|don.?t|ne|nicht|non|nao)[._-]?(reply|respond|answer|antworten|"
    r"repondre|responda|"
    r"responder|rispondere|pas[._-]?repondre)([._+-].{0,60}|\d{0,9})|noreply.{0,60}|bezotveta|"
    r"((mailer|cron|mail|anacron)[._-]?)?daemon|postmaster|root|nobody|www(-?data)?|apache\d?|nginx|httpd|"
    r"cron|anacron|"
    r"logwatch|logcheck|fail2ban|nagios|icinga|zabbix|munin|monit|jenkins|gitlab|wordpress|auto(mailer|"
    r"responder|mail)|"
    r"(.{0,60}[._-])?(bounces?|notifications?|notify)([._+-].{0,60})?|alerts?|news-?letters?|mailing(-?list)?|"
    r"digest|(e-?)?receipts?([+].{0,60})?|auto-?confirm(ation)?s?|invoice\+.{0,60}|"
    r"(order|ship(ment|ping)|delivery|payment)s?-?(update|confirm(ation)?|status|tracking)s?|"
    r"(.{0,60}-)?robot|bot|system|auto-?(message|reply)|security|verify|account-?(update|security)s?"
)
"""Local parts of addresses behind which no person sits."""

SOFTWARE: Final = re.compile(
    r"(?i)phpmailer|^php\b|mediawiki|wordpress|drupal|joomla|swift ?mailer|symfony|laravel|codeigniter|"
    r"nodemailer|django|"
    r"\brails\b|actionmailer|sendgrid|mailchimp|mailgun|sendinblue|brevo|unisender|sendpulse|amazon ses|"
    r"phplist|mailman|"
    r"\bsympa\b|zendesk|\bjira\b|confluence|redmine|bugzilla|mantis|\botrs\b|\btrac\b|gitlab|jenkins|nagios|"
    r"zabbix|logwatch|"
    r"\bcron\b|anacron|zuckmail|bitrix|opencart|prestashop|magento|shopify|vbulletin|phpbb|discourse|listserv"
)
"""Mailers that send for websites and services, in `X-Mailer`."""

MAIL_CLIENT: Final = re.compile(
    r"(?i)mutt|thunderbird|outlook|apple mail|iphone mail|ipad mail|evolution|kmail|claws|sylpheed|s-nail|"
    r"mailx|mailutils|"
    r"alpine|the bat|roundcube|squirrelmail|horde|zimbra|k-9|fairemail|yahoomail|mail\.ru|yandex|emclient|"
    r"em client|gnus|"
    r"postbox|airmail|spark|becky|foxmail|lotus notes|novell|nine|bluemail|samsung|huawei"
)
"""Programs in which a person writes."""

DAEMON_SUBJECT: Final = _any(
    r"anacron job |cron <|cron job|logwatch for |\[?fail2ban\b|\*{2,3} (problem|recovery|security)|smartd? |mdadm|"
    r"unattended-upgrades|(\[[^\]\n]{1,40}\] ?)?backup (job|report|failed|completed)|disk (usage|space) (alert|warning)"
)

AWAY_SUBJECT: Final = re.compile(
    r"(?i)\W{0,3}(auto(matic|mated)?[\s:-]{0,2}(re(ply|sponse)|responder)|auto:|out[ -]of[ -](the[ -])?office|"
    r"ooo\b|"
    r"on (vacation|holiday|leave)|away from|(i am|i'm) (away|out)|автоматическ\w+ ответ|автоответ|автовідповід|"
    r"автоматичн\w+ відповід|(я )?(в отпуске|у відпустці|нет на месте|отсутствую|в командировке)|вне офиса|"
    r"поза офісом|"
    r"abwesen|automatische antwort|nicht im (büro|haus)|(ich bin )?im urlaub|réponse automatique|absen(t|ce)\b|"
    r"en (congés?|vacances)|respuesta autom|fuera de|de vacaciones|resposta autom|ausên|ausente|fora do escrit|"
    r"risposta automatica|fuori (ufficio|sede)|in ferie|automatische? (antwoord|reactie)|afwezig|autosvar|frånvar|"
    r"automatyczna odpowied|nieobecn|urlop|otomatik yanıt|ofis dışında|izinde|پاسخ خودکار|در مرخصی|رد تلقائي|"
    r"خارج المكتب|"
    r"في إجازة|स्वचालित उत्तर|छुट्टी पर|कार्यालय से बाहर|自動応答|自動返信|不在|休暇|自动回复|自動回覆|外出|休假|"
    r"부재중|자동 응답)"
)
"""How the subject of an automatic reply begins; a traveller's letter may begin so too."""

AWAY_TEXT: Final = _any(
    r"\b(i am|i'm|i will be|we are|currently) (away|out|on (vacation|holiday|leave|parental)|absent|unavailable)",
    r"out of (the )?office|limited access to (my )?e-?mail|automat(ic|ed) (reply|response)",
    r"\bя (сейчас )?(нахожусь )?(в отпуске|в командировке|вне офиса|отсутствую)|буду отсутствовать|вернусь в офис|"
    r"меня (нет|не будет)|автоматическ\w+ ответ|автоответ",
    r"\bя (зараз )?(у відпустці|у відрядженні|відсутн)|буду відсутн|автоматичн\w+ відповід",
    r"\bbin\b.{0,60}(nicht im (büro|haus)|urlaub|abwesend|nicht erreichbar)|nicht im büro|wieder erreichbar|"
    r"automatische (antwort|nachricht)",
    r"\b(suis|serai)\b.{0,60}(absente?|congés?|vacances|hors du bureau)|actuellement absente?|réponse automatique",
    r"\b(estoy|estaré|me encuentro)\b.{0,60}(fuera|vacaciones|ausente)|respuesta automática",
    r"\b(estou|estarei)\b.{0,60}(férias|fora|ausente)|resposta automática",
    r"\b(sono|sarò)\b.{0,60}(ferie|assente|fuori)|risposta automatica",
    r"\bben\b.{0,40}(afwezig|vakantie|niet op kantoor)|automatisch (antwoord|bericht)",
    r"\bär\b.{0,40}(semester|frånvarande|inte på kontoret)|\ber\b.{0,40}(ferie|fraværende)",
    r"\b(jestem|przebywam|będę)\b.{0,60}(urlop|nieobecn|poza biurem)|automatyczna odpowied",
    r"izindeyim|izinliyim|ofis dışındayım|ofiste değilim|otomatik (yanıt|cevap)",
    r"(مرخصی|خارج از دفتر|سفر) (هستم|می‌باشم|خواهم)|پاسخ خودکار|(أنا|انا|أكون) .{0,30}(إجازة|خارج المكتب)|"
    r"رد تلقائي",
    r"छुट्टी पर (हूँ|हूं)|कार्यालय से बाहर (हूँ|हूं)|स्वचालित उत्तर",
    r"不在にして|不在とさせ|休暇をいただ|休暇中|休暇のため|自動応答|自動返信|我(正在|目前|在).{0,10}(休假|"
    r"外出|出差)|自动回复|부재중입니다|휴가 중",
)
"""A person's own words about his absence."""

ACCOUNT: Final = _any(
    r"pass(word|wort|code|phrase)|\blog-?in|sign-?in|account|regist(er|rier|rat)|verif(y|ication)|confirm",
    r"парол|учётн|учетн|аккаунт|регистрац|подтверд|обліков|реєстрац|підтверд|konto|anmeld|mot de passe|compte",
    r"contraseña|cuenta|senha|\bconta\b|parola|şifre|hesap|hasł|wachtwoord|رمز|گذرواژه|حساب|كلمة المرور",
    r"パスワード|アカウント|密码|密碼|账户|帳號|비밀번호|계정|पासवर्ड|खात",
)

SAYS_AUTOMATIC: Final = _any_lower(
    r"this (is an automat|(e-?mail|message|mail|notification) (was |is |has been )?(sent |generated |"
    r"created )?automat)",
    r"auto(matically)?-? ?generated (e-?mail|message)|do ?n[o']t reply to this|this e-?mail is a receipt",
    r"(type|write|enter) your reply above|reply above this line|ответ\w* выше этой|oberhalb dieser (linie|zeile)|"
    r"au-dessus de cette ligne|por encima de esta línea|sopra questa riga|powyżej tej linii|boven deze regel",
    r"you('re| are receiving| received| got) this (e-?mail|message|notification) because|to unsubscribe|"
    r"unsubscribe from",
    r"manage your (notification|subscription|e-?mail)",
    r"(письмо|сообщение) (было )?(сформировано|отправлено|создано|сгенерировано) автоматически|"
    r"не отвечайте на (это|данное)",
    r"это автоматическ|вы получили это (письмо|сообщение), (потому|так как)|отписаться от",
    r"(лист|повідомлення) (був |було )?(сформован|створен|надіслан)\w* автоматично|не відповідайте на (цей|це)",
    r"automatisch (generiert|erstellt|erzeugt|versendet|versandt)|antworten sie (bitte )?nicht auf (diese|dies)",
    r"(message|e-?mail|courriel) (est |a été )?(envoyé |généré )?automati|ne (pas )?répond(ez|"
    r"re) (pas )?à (ce|cet)",
    r"(mensaje|correo) (es |ha sido |fue )?(enviado |generado )?automátic|no responda a este",
    r"(mensagem|e-?mail) (é |foi )?(enviad\w |gerad\w )?automátic|não responda a est|generat[ao] automaticamente",
    r"non rispondere a quest|otomatik olarak (gönderil|oluştur)|yanıtlamayın|wygenerowan\w+ automatycznie",
    r"prosimy nie odpowiadać|automatisch (gegenereerd|verzonden)|به (صورت|طور) خودکار (ارسال|تولید)|پاسخ ندهید",
    r"رسالة تلقائية|لا ترد على|स्वचालित (संदेश|ईमेल)|उत्तर न दें|自動送信|自動配信|返信しないで|自动发送|"
    r"自动发出|请勿回复",
    r"自動發送|請勿回覆|자동으로? 발송|회신하지 마",
)
"""A program says of its mail that nobody wrote it."""

SAYS_RECEIVED: Final = _any_lower(
    r"thank(s| you) for (contacting|your (message|inquiry|enquiry|order|request|interest|feedback|comment))",
    r"we (have |'ve )?received your|your (message|request|inquiry|order|ticket)( [(#]{1,2}[\w-]{1,20}\)?)? "
    r"(has been|was) (received|sent|registered)",
    r"a copy of your (message|submission)|спасибо за (ваше? |обращение|заявку|заказ|сообщение)|мы получили ваш",
    r"ваш[ае]? (заявка|обращение|сообщение|заказ|письмо) (принят|получен|отправлен|зарегистрирован)",
    r"дякуємо за (ваше? |звернення|замовлення)|ваш[ае]? (заявк|звернен|замовлен)\w* (прийнят|отриман)",
    r"vielen dank für (ihre|deine) (nachricht|anfrage|bestellung|mitteilung)|wir haben ihre (nachricht|anfrage)",
    r"merci (de nous avoir|pour votre (message|demande|commande))|nous avons bien reçu|hemos recibido (su|tu)",
    r"gracias por (contactar|su (mensaje|consulta))|obrigado (por entrar|pelo (seu )?contato)|recebemos (a )?sua",
    r"grazie per averci|abbiamo ricevuto (il|la) (tu|su|vostr)|mesajınız (alındı|bize ulaştı)",
    r"dziękujemy za (kontakt|wiadomość|zgłoszenie)|پیام شما (دریافت|ثبت)|شكرا (لك )?على تواصلك|تم استلام",
    r"お問い合わせ(いただき|頂き|を受け付け|ありがとう)|受け付けました|受付(いた|致)しました|感谢您的(留言|"
    r"咨询|来信|订单)",
    r"thank(s| you) for your (booking|reservation|purchase|submission)|ta(k|ck) (for|för) (din|er|deres) "
    r"(ordre|henvendelse|besked|bestilling|beställning|förfrågan)",
    r"bedankt voor (uw|je) (bericht|aanvraag|bestell|reserv)",
    r"děkujeme za (vaši|váš|objednávku)|ďakujeme za (vašu|objednávku)|köszönjük (a )?(megkeres|rendel|üzenet|foglal)",
    r"kiitos (tilaukse|viesti|yhteydenoto)|mulțumim pentru (comand|mesaj)|grazie per (la|il) (tua |tuo )?(prenotaz|"
    r"ordin|richiest|messagg)|gracias por (tu|su) (pedido|compra|reserva)|merci pour votre réservation",
    r"cảm ơn (bạn|quý khách) đã|terima kasih (telah|atas) (pesan|memesan|menghubungi|order)",
    r"您的(留言|咨询|订单)已|문의해 주셔서|접수되었|संपर्क करने के लिए धन्यवाद|आपका संदेश (प्राप्त|मिल)",
)
"""An autoresponder thanks the customer, whose words it often repeats."""

TRANSACTION: Final = re.compile(
    r"(?i)\W{0,3}((your|ihre?|votre|su|tu|seu|sua|il tuo|twoj[ae]|ваш[аеи]?) (\w{1,20} ){0,2}"
    r"(receipt|invoice|order|payment|parcel|package|shipment|delivery|booking|statement|rechnung|bestellung|zahlung|"
    r"sendung|paket|buchung|facture|commande|paiement|colis|pedido|factura|pago|fatura|pagamento|ordine|fattura|"
    r"zamówieni\w|faktur\w|заказ\w?|чек\w?|платеж\w?|посылк\w|счет\w?)\b|"
    r"(receipt|invoice|payment|order) (for|from|confirm|receiv|#|no\b|№|\d|[A-Z]{1,3}-?\d)|"
    r"(orderbevestiging|bestelbevestiging|factuur|orderbekräftelse|ordrebekræftelse|ordrebekreftelse|tilausvahvistus|"
    r"potvrzení objednávky|rendelés visszaigazolás|potwierdzenie zamówienia|підтвердження замовлення|"
    r"confirmation de commande|confirmación de(l)? pedido|conferma (dell')?ordine)\b|"
    r"(rechnung|bestellbestätigung|auftragsbestätigung|versandbestätigung|zahlungsbestätigung) (nr|vom|zu|für|\d)|"
    r"(подтверждение|оплата|статус) заказа\b|заказ (№ ?)?\d{1,20} (принят|отправлен|оплачен|доставлен|передан))"
)
"""How shops, banks and carriers begin the subject of what they tell their customers; a customer may ask so, too."""

ANSWERS_ITSELF: Final = re.compile(
    r"(?i)\W{0,3}(auto(matic|mated)?[\s:-]{0,2}(re(ply|sponse)|answer)|automatische?s? (antwort|antwoord|reactie)|"
    r"réponse automatique|respuesta automática|resposta automática|risposta automatica|automat(ic)?kt svar|"
    r"automatisk(t)? svar|autosvar|automaattinen (posti)?vastaus|automatick[áé] odpov[eě][dď]|automatikus válasz|"
    r"automatyczna odpowied[źz]|otomatik (yanıt|cevap)|r[ăa]spuns automat|αυτόματη απάντηση|samodejni odgovor|"
    r"automatsk[io] odgovor(anje)?|automaatvastus|automātiskā atbilde|automatinis atsakymas|trả lời tự động|"
    r"автоматическ\w+ ответ|автоответ|автоматичн\w+ відповід|автовідповід|автоматичен отговор|аутоматски одговор|"
    r"нет на работе|отсутствует на рабоч|自動応答|自動返信|自动(答复|回复)|自動(回覆|回复)|자동 ?(회신|응답)|"
    r"תשובה אוטומטית|מענה אוטומטי|رد تلقائي|الرد التلقائي|"
    r"پاسخ خودکار|स्वचालित (उत्तर|जवाब)|ตอบกลับอัตโนมัติ)"
)
"""How mail servers and programs begin the subject of an automatic reply: in the language of its sender."""

RETURNED: Final = _any(
    r"undeliver(ed|able)|delivery (status notification|failure|failed|delayed|has failed|incomplete|report)",
    r"mail (delivery )?(failed|failure|delayed|system error)|delayed mail|returned (mail|to sender)|failure notice",
    r"could not be delivered|non-?delivery|message (not|never) delivered|warning: message .{1,40} delayed",
    r"не ?(был[оа]? |может быть |удалось )?достав(лен|ить)|недоставлен|(ошибка|сбой) (при )?доставк|отказ в доставке",
    r"не ?(було |вдалося )?доставлен|помилка доставки|unzustellbar|nicht zustellbar|zustell(ung|fehler).{0,20}fehl",
    r"échec de (la )?(remise|livraison|distribution)|non (remis|distribué|délivré)|no (se )?(puede|pudo) entrega",
    r"error (de|en la) entrega|não (foi )?(possível )?entreg|falha na entrega|mancat[ao] (consegna|recapito)",
    r"non recapitabile|niedostarcz|nie (można|udało się) dostarczyć|onbestelbaar|niet (afgeleverd|bezorgd)",
    r"kunde inte levereras|kunne ikke leveres|ei voitu toimittaa|nedoruč|nelze doručit|kézbesíthetetlen",
    r"nu s-a putut livra|teslim edileme|iletilemedi|配信(不能|エラー|できません)|配達不能|无法(投递|送达)|退信",
    r"傳遞失敗|無法(傳遞|投遞)|전송 ?실패",
    r"غير قابل للتسليم|تعذر تسليم|تحویل نشد|वितरित नहीं",
)
"""In the subject of a mail that says that another one did not arrive."""

DIGEST: Final = re.compile(
    r"(?i)\b(?:vol(?:ume)?|band|том|tomo|lot)\.?\s{0,2}\d{1,5},\s{0,2}\S{1,20}\s{0,2}\d{1,5}\s{0,3}$|"
    r"\bdigest (?:for \S+@|number \d)"
)
"""In the subject of a day's mails of a list: `Tea Digest, Vol 12, Issue 3` in Mailman's languages, Google Groups."""
