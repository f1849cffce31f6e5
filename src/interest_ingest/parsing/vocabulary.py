"""What people call the fields of their forms, in some twenty languages, and how to recognize a name among them.

The words are data: per role, phrases separated by commas. `word*` stands for every word that begins so (languages that
inflect), `=word` only for a label that consists of nothing else (short words that are also prepositions). Languages
written without spaces are searched by substring. Everything is compared after `fold`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from enum import StrEnum
from functools import cache, lru_cache
from typing import Final

from interest_ingest.parsing import tongues
from interest_ingest.parsing.tongues import MORE


class Role(StrEnum):
    """What a form's field means. The order settles which of two equally long finds in one label wins."""

    PAPER = "paper"
    ID = "id"
    USERNAME = "username"
    PASSWORD = "password"  # noqa: S105  (a role's name, no secret)
    IP = "ip"
    USER_AGENT = "user_agent"
    REFERRER = "referrer"
    PAGE_URL = "page_url"
    FORM = "form"
    CONSENT = "consent"
    FILE = "file"
    EMAIL = "email"
    PHONE = "phone"
    WEBSITE = "website"
    COMPANY = "company"
    PRODUCT = "product"
    TOPIC = "topic"
    RATING = "rating"
    SUBJECT = "subject"
    DATE = "date"
    COUNTRY = "country"
    CITY = "city"
    ADDRESS = "address"
    KANA = "kana"
    FIRST_NAME = "first_name"
    LAST_NAME = "last_name"
    NAME = "name"
    MESSAGE = "message"


_PHRASES: dict[Role, str] = {
    Role.PAPER: """
        recipient, ship to, shipped to, consignee, parcel number, paketnummer, empfänger, destinataire,
        destinatario, destinatário, numéro de colis, odbiorca, alıcı, گیرنده, المستلم, המקבל, 收件人, 수취인, 받는 분,
        お届け先,
        tracking number, tracking no, tracking code, tracking id, carrier, shipped with, invoice number,
        invoice no, invoice date, amount due, due date, iban, bic, payment due, номер отправления, трек номер,
        трек код, накладная, перевозчик, получатель, плательщик, срок оплаты, номер счета, номер відправлення,
        отримувач, ттн, sendungsnummer, sendungsverfolgung, rechnungsnummer, rechnungsdatum, zahlbar bis,
        fällig am, numéro de suivi, transporteur, numéro de facture, date d'échéance, número de seguimiento,
        transportista, número de factura, fecha de vencimiento, numero di tracking, corriere, numero fattura,
        scadenza, código de rastreio, transportadora, número da fatura, vencimento, takip numarası,
        kargo takip no, fatura no, numer przesyłki, przewoźnik, numer faktury, termin płatności,
        شماره پیگیری مرسوله, شماره فاکتور, رقم التتبع, رقم الفاتورة, お問い合わせ伝票番号, 伝票番号, 追跡番号,
        請求書番号, 支払期限, 运单号, 快递单号, 物流单号, 发票号码, 운송장번호, 송장번호, 청구서번호, ट्रैकिंग नंबर,
        चालान संख्या
    """,
    Role.ID: """
        order id, order number, order no, request id, request number, ticket id, ticket number, submission id,
        entry id, lead id, message id, reference number, =id, номер заказа, номер заявки, номер обращения,
        № заказа, № заявки, заявка №, номер замовлення, bestellnummer, auftragsnummer, vorgangsnummer,
        kundennummer, numéro de commande, número de pedido, numero ordine, sipariş numarası, numer zamówienia,
        شماره سفارش, رقم الطلب, 注文番号, 受付番号, お問い合わせ番号, 订单号, 주문번호, 접수번호, inn, инн,
        vat number, tax id, ust idnr, transaction id, block id, form entry id, заявка номер, id заявки, id лида,
        лид id, client id, yclid, gclid, ga client id, session id, идентификатор, lead number, case number,
        anfragenummer, formular id, 문의번호, 编号, 受付no
    """,
    Role.USERNAME: """
        username, user name, login, login name, account name, nickname, имя пользователя, имя участника, логин,
        ім'я користувача, логін, benutzername, anmeldename, nom d'utilisateur, identifiant, nombre de usuario,
        usuario, nome utente, nome de usuário, nome de utilizador, kullanıcı adı, nazwa użytkownika, نام کاربری,
        اسم المستخدم, שם משתמש, उपयोगकर्ता नाम, प्रयोक्ता नाम, ユーザー名, ユーザ名, 用户名, 使用者名稱, 사용자명,
        사용자 이름, 아이디
    """,
    Role.PASSWORD: """
        password*, passcode, пароль, пароля, passwort, kennwort, mot de passe, contraseña, senha, parola, şifre,
        hasło, گذرواژه, رمز عبور, كلمة المرور, كلمة السر, סיסמה, סיסמא, पासवर्ड, パスワード, 密码, 密碼, 비밀번호
    """,
    Role.IP: """
        ip, ip address, ip addr, remote ip, sender ip, user ip, ip адрес, ip адреса, адрес ip, ip adresse,
        adresse ip, dirección ip, indirizzo ip, endereço ip, ip adresi, adres ip, آی پی, نشانی ip, عنوان ip,
        ipアドレス, ip地址, ip 주소, ip адрес посетителя, ip отправителя, remote address, remote addr,
        absender ip, client ip
    """,
    Role.USER_AGENT: """
        user agent, useragent, browser, browser info, браузер, navigateur, navegador, tarayıcı, przeglądarka,
        مرورگر, المتصفح, דפדפן, ブラウザ, ユーザーエージェント, 浏览器, 브라우저, =device, operating system,
        useragent string, устройство, gerät, appareil, dispositivo, cihaz, urządzenie, دستگاه, 端末, 设备, 기기
    """,
    Role.REFERRER: """
        referrer, referer, http referer, referring page, referral url, utm*, источник перехода, реферер, référent,
        リファラ, 来源网址, traffic source, came from, источник трафика, referenz url, page précédente, gclid url,
        =source, =источник, =medium, =campaign
    """,
    Role.PAGE_URL: """
        =landing, лендинг, посадочная страница, адрес лендинга, page url, page link, page address, page title, page,
        form page, form url, contact form url, source url,
        source page, landing page, sent from page, submitted from, submitted on page, submission url, url of page,
        url of the page, from page, страница, страницы, со страницы, ссылка на страницу, адрес страницы,
        url страницы, отправлено со страницы, сторінка, зі сторінки, адреса сторінки, seite, seiten url,
        von der seite, formularseite, page d'origine, page web, depuis la page, página, página url,
        url de la página, desde la página, pagina, url pagina, dalla pagina, página de origem, sayfa, sayfa url,
        sayfa adresi, strona formularza, adres strony, صفحه, آدرس صفحه, نشانی صفحه, الصفحة, رابط الصفحة, עמוד,
        כתובת העמוד, पेज, पृष्ठ, 送信元url, 送信元ページ, 送信元, ページurl, ページ, 页面, 来源页面, 提交页面, 頁面,
        페이지, 페이지 주소, form location, current url, current page, entry url, submitted page, posted from,
        sent from the page, location url, страница отправки, страница заявки, страница формы, страница захвата,
        заявка со страницы, форма на странице, url формы, ссылка на форму, надіслано зі сторінки,
        посилання на сторінку, url сторінки, gesendet von seite, link zur seite, webseite des formulars,
        ursprungsseite, adresse de la page, lien de la page, envoyé depuis la page, envoyé de la page,
        enlace de la página, enviado desde, enviado desde la página, página de origen, link della pagina,
        inviato dalla pagina, pagina di provenienza, link da página, enviado da página, página de envio,
        gönderildiği sayfa, gönderilen sayfa, sayfa bağlantısı, sayfa linki, wysłano ze strony, url strony,
        link do strony, ze strony, =strona, لینک صفحه, ارسال شده از صفحه, أرسلت من الصفحة, أرسل من الصفحة,
        عنوان الصفحة, पेज का पता, पेज यूआरएल, पेज लिंक, フォームurl, 送信ページ, 掲載ページ, 元ページ, 页面地址,
        页面链接, 來源頁面, 접수 페이지, 유입 페이지, herkunftsseite, página web de origen, =sent from,
        =отправлено с, =gesendet von, =envoyé depuis, =inviato da, =لینک
    """,
    Role.FORM: """
        =submit, =send, submit button, =senden, =absenden, =отправить, =envoyer, =enviar, =invia, ad name,
        ad set name, adset name, campaign name, campaign, рекламная кампания, =form, form name,
        form title, form id, web form, форма, название формы, веб форма, web форма, formular,
        formularname, formulaire, nom du formulaire, nombre del formulario, formulario, nome del modulo, modulo,
        formulário, form adı, formularz, نام فرم, فرم, اسم النموذج, النموذج, フォーム名, フォーム, 表单, 表單, 폼,
        формы, форму, nazwa formularza, formular name, 问卷, 양식
    """,
    Role.CONSENT: """
        consent, privacy policy, privacy, i agree, i accept, terms, terms and conditions, gdpr, marketing consent,
        согласие*, согласен, персональных данных, политика конфиденциальности, згода, згоден, персональних даних,
        datenschutz*, einwilligung, dsgvo, consentement, rgpd, j'accepte, politique de confidentialité,
        consentimiento, acepto, política de privacidad, consenso, acconsento, informativa privacy, consentimento,
        concordo, aceito, lgpd, kvkk, onay, zgoda, rodo, موافقت, قوانین و مقررات, أوافق, الموافقة, سياسة الخصوصية,
        הסכמה, תקנון, सहमति, 個人情報, プライバシーポリシー, 同意, 隐私, 隐私政策, 개인정보, 동의, terms of use,
        terms of service, data processing, agreement, согласие, соглашение, соглашаюсь, принимаю,
        условия использования, обработку данных, погоджуюся, погоджуюсь, обробку, ich stimme, stimme zu,
        akzeptiere, agb, j'ai lu, conditions générales, données personnelles, he leído, protección de datos,
        términos, condiciones, ho letto, accetto, trattamento dei dati, dati personali, li e aceito, termos,
        condições, aceitação, kabul ediyorum, okudum, gizlilik, açık rıza, aydınlatma metni, akceptuję, wyrażam,
        polityk* prywatności, politykę prywatności, regulamin, przetwarzanie danych, danych osobowych, قوانین,
        می پذیرم, حریم خصوصی, الشروط, الأحكام, أوافق على, الخصوصية, सहमत, शर्तें, गोपनीयता, नियम, 利用規約, 承諾,
        規約, 条款, 协议, 隐私条款, 약관, 수신동의
    """,
    Role.FILE: """
        =file, =files, file upload, attachment, attachments, attached file, attached files, uploaded file,
        uploaded files,
        upload, =cv, your cv, resume, curriculum, curriculum vitae, =photo, =photos, =файл, =файлы,
        прикрепленный файл,
        прикрепленные файлы, вложение, вложения, =резюме, =фото, =файли, вкладення, datei, dateien, anhang,
        anhänge,
        dateianhang, lebenslauf, datei upload, pièce jointe, pièces jointes, fichier, fichiers, archivo,
        archivos, adjunto,
        adjuntos, archivo adjunto, allegato, allegati, anexo, anexos, arquivo, ficheiro, dosya, dosyalar,
        ekli dosya, plik,
        pliki, załącznik, załączniki, bestand, bijlage, bijlagen, fil, bilaga, bifogad fil, vedhæftet fil,
        vedlegg, liite,
        soubor, příloha, prílohа, fájl, csatolmány, melléklet, fișier, fisier atasat, αρχείο, прикачен файл,
        tệp đính kèm,
        berkas, lampiran, فایل, پیوست, فایل پیوست, ملف, الملف, المرفقات, קובץ, קובץ מצורף, फ़ाइल, अनुलग्नक,
        ファイル, 添付ファイル,
        添付, 附件, 文件, 첨부파일, 첨부, 파일
    """,
    Role.EMAIL: """
        email, e mail, emailaddress, =mail, mail address, email address, emails, reply to, contact email, почта,
        почты, почту, емейл, имейл, мейл, мыло, эл почта, электронная почта, электронной почты,
        адрес электронной почты, электронный адрес, email адрес, e mail адрес, email автора, пошта, пошти,
        ел пошта, електронна пошта, електронної пошти, адреса електронної пошти, email adresse, e mail adresse,
        mailadresse, emailadresse, mail adresse, courriel, adresse électronique, adresse e mail, adresse email,
        adresse mail, adresse de messagerie, mél, correo, correo electrónico, dirección de correo,
        dirección de correo electrónico, indirizzo email, indirizzo e mail, posta elettronica,
        indirizzo di posta elettronica, correio eletrônico, correio eletrónico, correio electrónico,
        endereço de email, endereço de e mail, e posta, eposta, e posta adresi, eposta adresi, poczta,
        adres email, adres e mail, poczta elektroniczna, ایمیل, رایانامه, پست الکترونیک, پست الکترونیکی,
        نشانی ایمیل, آدرس ایمیل, البريد الإلكتروني, البريد الالكتروني, بريد إلكتروني, بريدك الإلكتروني, الايميل,
        ايميل, إيميل, البريد, דוא ל, דואל, דואר אלקטרוני, אימייל, מייל, ईमेल, ई मेल, ईमेल पता, メール,
        メールアドレス, eメール, 电子邮件, 邮箱地址, 邮件地址, 电子邮箱地址, 이메일 주소, 메일 주소,
        전자우편 주소, メール アドレス, 电子邮箱, 邮箱, 邮件, 郵箱, 電子郵件, 電郵, 信箱, 이메일, 전자우편, 메일,
        mail id, email id, work email, business email, company email, ел адреса, ел пошту, электронный ящик,
        e mail для связи, почтовый ящик, geschäftliche e mail, courrier électronique, adresse courriel,
        email de contact, correo de contacto, recapito email, tua email, tua mail, e mail para contato, seu email,
        adres poczty elektronicznej, poczty elektronicznej, twój mail, mail adresi, mail adresiniz, e postanız,
        epostanız, e posta adresiniz, eposta adresiniz, نشانی پست الکترونیک, بريد, عنوان البريد, الإيميل,
        ईमेल आईडी, ईमेल एड्रेस, मेल आईडी, 電子メール, 连络邮箱, 电邮, 電子信箱, 이메일주소, 메일주소, メアド,
        votre mail, votre courriel, mon email
    """,
    Role.PHONE: """
        =ring, reach me at, reach me on, erreichbar, erreichbar unter, joignable, joignable au, nr kontaktowy,
        kontaktowy nr, telefon kontaktowy, bel me, куда перезвонить, куда звонить, на какой номер,
        phone, phone number, phone no, telephone, telephone number, tel, tel no, mobile, mobile number,
        mobile phone, cell, cell phone, cellphone, contact number, contact no, whatsapp, whats app, viber,
        telegram, call back number, =номер, fon, телефон*, тел, моб, мобильн*, сотовый, номер для связи,
        контактный номер, вотсап, ватсап, мобільн*, telefon*, tel nr, handy, handynummer, rufnummer, mobilnummer,
        rückrufnummer, téléphone, n° de téléphone, portable, numéro de téléphone, teléfono, telefono, móvil,
        celular, número de teléfono, cellulare, numero di telefono, telefone, telemóvel, número de telefone,
        cep telefonu, gsm, komórka, numer telefonu, تلفن, شماره تلفن, شماره تماس, تلفن همراه, موبایل,
        شماره موبایل, همراه, الهاتف, هاتف, رقم الهاتف, رقم الجوال, الجوال, جوال, الموبايل, موبايل, رقم التليفون,
        טלפון, נייד, מספר טלפון, फोन, फ़ोन, फोन नंबर, मोबाइल, मोबाइल नंबर, दूरभाष, 電話, 電話番号, 携帯, 携帯番号,
        tel番号, お電話, 电话, 联系电话, 手机, 手机号, 手机号码, 电话号码, 電話號碼, 手機, 전화, 전화번호, 연락처,
        휴대폰, 휴대전화, =ph, ph no, cellular, daytime phone, evening phone, home phone, work phone,
        phone or whatsapp, telephone no, best number, reach you, number to call, call me at, контактный тел,
        тел моб, телеграм, =связь, контактний тел, =mobil, mobiltelefon, mobilfunknummer, festnetz, tel mobil,
        telefonnr, =numéro, tél, tel mobile, mobile (facultatif), teléf, número de contacto, =número,
        número de móvil, recapito, recapito telefonico, =numero, contacto telefónico, telemovel, fone,
        celular com ddd, numer kontaktowy, nr telefonu, nr tel, numer komórkowy, iletişim numarası, cep numarası,
        cep no, telefonunuz, تماس, =شماره, شماره همراه, شماره تلفن همراه, رقم الاتصال, رقم التواصل, رقم هاتفك,
        هاتفك, رقم الموبايل, رقم الواتساب, واتساب, التليفون, تليفون, جوالك, संपर्क नंबर, =संपर्क, मोबाइल संख्या,
        फोन संख्या, फ़ोन नंबर, व्हाट्सएप, 連絡先, ご連絡先, お電話番号, 携帯電話, 連絡先電話番号, 联系方式, 聯繫電話,
        聯絡電話, 连络电话, 联络电话, 微信, 핸드폰, 휴대전화번호, 휴대폰번호, =번호, 연락 가능한 번호,
        연락 받을 번호, 연락 번호, ваш номер, номер клиента, votre numéro, telefono de contacto, your number,
        ihre nummer, teléfono fijo, واتساپ
    """,
    Role.WEBSITE: """
        website, web site, =site, site url, your website, homepage, home page, =web, blog, =url, =link, =lien,
        =enlace, =collegamento, =odnośnik, сайт, ваш сайт, адрес сайта, вебсайт, веб сайт, =ссылка, =посилання,
        webseite, internetseite, site web, site internet, página web, sitio web, sitio, sito, sito web,
        site da empresa, web sitesi, web siteniz, strona www, strona internetowa, وب سایت, وبسایت, سایت, تارنما,
        نشانی وب, =نشانی, الموقع, الموقع الإلكتروني, موقع, אתר, אתר אינטרנט, वेबसाइट, =यूआरएल, ウェブサイト,
        ホームページ, サイト, 网站, 网址, 網站, 網址, 웹사이트, 홈페이지
    """,
    Role.COMPANY: """
        company, company name, name of company, name of the company, organization, organisation,
        organization name, business, business name, firm, employer, institution, компани*, название компании,
        организаци*, название организации, фирм*, предприятие, підприємство, компані*, назва компанії,
        організаці*, firma, firmenname, name der firma, unternehmen, société, entreprise, nom de la société,
        nom de l'entreprise, raison sociale, organisme, empresa, nombre de la empresa, compañía, organización,
        azienda, ragione sociale, società, nome azienda, nome da empresa, companhia, organização, şirket,
        şirket adı, firma adı, kurum, nazwa firmy, شرکت, نام شرکت, سازمان, الشركة, شركة, اسم الشركة, المؤسسة,
        חברה, שם החברה, ארגון, कंपनी, कंपनी का नाम, संस्था, संगठन, 会社, 会社名, 貴社名, 御社名, 法人名, 団体名, 組織,
        公司, 公司名称, 单位, 公司名稱, 회사, 회사명, 기업명, 업체명, workplace, agency, your business,
        your organization, company or organization, наименование организации, наименование компании, юрлицо,
        юридическое лицо, место работы, учреждение, название фирмы, фоп, установа, betrieb, firmenbezeichnung,
        einrichtung, arbeitgeber, établissement, =structure, votre entreprise, razón social, su empresa, ditta,
        nome della società, nome dell'azienda, =ente, razão social, sua empresa, organizacja, przedsiębiorstwo,
        instytucja, nazwa przedsiębiorstwa, nazwa organizacji, firmanız, şirketiniz, kuruluş, işletme, kurum adı,
        şirket ismi, مؤسسه, محل کار, سازمان شما, جهة العمل, اسم المؤسسة, شركتك, المنشأة, संस्थान, संगठन का नाम, फर्म,
        व्यवसाय, 勤務先, 貴社, 御社, 組織名, 店舗名, 屋号, 所属, 企業名, 企业, 企业名称, 单位名称, 貴公司, 소속,
        상호, 상호명, 회사이름, 업체, 단체명, 기관명, 직장, =negocio, institución, お勤め先,
        empresa o institución, 勤め先
    """,
    Role.TOPIC: """
        interested in, interest, interests, type, =kind, category, department, =reason, service type,
        type of inquiry, type of request, inquiry type, enquiry type, how did you hear about us,
        preferred contact method, contact method, best time to call, =budget, интересует, вас интересует,
        что вас интересует, тип, вид, категория, отдел, тип обращения, тип заявки, причина обращения,
        способ связи, бюджет, цікавить, тип звернення, відділ, interesse, interesse an, ich interessiere mich für,
        art der anfrage, kategorie, abteilung, anfragetyp, type de demande, catégorie, =service, intéressé par,
        tipo de consulta, tipo, categoría, departamento, interesado en, tipo di richiesta, categoria,
        interessato a, tipo de solicitação, interesse em, kategori, departman, ilgi alanı, rodzaj zapytania,
        kategoria, dział, نوع درخواست, دسته, بخش, علاقه مندی, نوع الطلب, القسم, سبب التواصل, קטגוריה, סוג הפנייה,
        מחלקה, श्रेणी, प्रकार, विभाग, रुचि, 種別, 種類, お問い合わせ種別, お問い合わせ種類, 部署, ご用件, 类型, 类别,
        部门, 咨询类型, 문의유형, 문의 유형, 분류, 부서
    """,
    Role.PRODUCT: """
        property, listing, immobilie, objekt, объект, об'єкт, объект недвижимости, inmueble, immobile, imóvel,
        nieruchomość,
        ilan, vehicle, car model, fahrzeug, véhicule, vehículo, veicolo, veículo, =service needed, خدمت مورد نظر,
        خدمات مورد نظر,
        product, product name, name of product, name of the product, =item, item name, product title, =article,
        goods, товар*, название товара, наименование, продукт, продукция, модель, назва товару, produkt,
        produktname, artikel, artikelname, ware, produit, nom du produit, producto, nombre del producto, artículo,
        prodotto, nome prodotto, articolo, produto, nome do produto, ürün, ürün adı, nazwa produktu, towar, محصول,
        نام محصول, کالا, نام کالا, المنتج, منتج, اسم المنتج, מוצר, שם המוצר, उत्पाद, उत्पाद का नाम, 商品, 商品名,
        製品, 製品名, 产品, 产品名称, 商品名称, 產品, 상품, 상품명, 제품, 제품명, model, product model,
        selected product, chosen product, product of interest, products of interest, which product,
        product interested in, product you are interested in, which product are you interested in,
        interested product, =sku, article number, product code, item of interest, интересующий товар,
        интересующий продукт, выбранный товар, какой товар, артикул, позиция, услуга, название услуги, який товар,
        обраний товар, послуга, модел*, modell, gewünschtes produkt, gewünschter artikel, welches produkt,
        artikelnummer, artikelbezeichnung, modèle, produit concerné, produit souhaité, quel produit,
        référence produit, modelo, producto de interés, qué producto, referencia del producto, modello,
        prodotto di interesse, prodotto desiderato, quale prodotto, artigo, produto de interesse,
        produto desejado, qual produto, que produto, interesujący produkt, jaki produkt, wybrany produkt,
        ilgilendiğiniz ürün, hangi ürün, seçilen ürün, ürünle, ürünü, محصول مورد نظر, کدام محصول, مدل,
        المنتج المطلوب, الموديل, السلعة, اسم السلعة, वस्तु, किस उत्पाद, मॉडल, सामान, 型番, 品名, 機種, 希望商品,
        品番, 品目, 型号, 品名称, 意向产品, 货品, 產品名稱, 商品名稱, 모델, 모델명, 품명, 관심상품, 관심 상품,
        관심제품, 품목, produktbezeichnung, =référence, désignation, article choisi, =referencia, کالای مورد نظر,
        =позиция, =reference, nazwa towaru, =nr artykułu, 商品番号, 제품번호
    """,
    Role.RATING: """
        rating, =stars, =score, your rating, оценка, рейтинг, ваша оценка, оцінка, bewertung, sterne,
        note globale, évaluation, puntuación, valoración, calificación, valutazione, voto, avaliação, =nota, puan,
        değerlendirme puanı, ocena, امتیاز, نمره, التقييم, تقييم, דירוג, रेटिंग, 評価, 星評価, 评分, 評分, 평점,
        별점
    """,
    Role.SUBJECT: """
        subject, your subject, message subject, subject line, topic, regarding, =title, тема, тема сообщения,
        тема письма, заголовок, тема повідомлення, betreff, thema, sujet, objet, asunto, tema, oggetto, argomento,
        assunto, konu, konu başlığı, temat, موضوع, عنوان, الموضوع, عنوان الرسالة, נושא, विषय, 件名, 題名,
        タイトル, 主题, 主題, 标题, 標題, 제목, 주제, =re, regards to, тема обращения, тема вопроса,
        тема звернення, =grund, objet du message, =motif, asunto del mensaje, motivo, motivo de la consulta,
        motivo del contacto, motif de la demande, motivo do contato, motivo della richiesta,
        oggetto del messaggio, assunto da mensagem, mesaj konusu, başlık, konunuz, temat wiadomości,
        temat zapytania, tytuł, موضوع پیام, عنوان پیام, موضوع الرسالة, संदेश का विषय, शीर्षक, ご用件名, 표제,
        문의제목
    """,
    Role.DATE: """
        =date, =time, date and time, submitted, submitted at, submitted on, =sent, sent at, sent on, created,
        created at, timestamp, дата, время, дата и время, отправлено, дата отправки, дата заявки, =час,
        дата та =час, надіслано, datum, uhrzeit, zeit, gesendet, gesendet am, date d'envoi, heure, envoyé le,
        fecha, hora, fecha de envío, enviado, =data, =ora, data invio, data e hora, inviato, data de envio, tarih,
        =saat, gönderim tarihi, godzina, data wysłania, تاریخ, زمان, تاریخ ارسال, ساعت, التاريخ, الوقت,
        تاريخ الإرسال, תאריך, שעה, तारीख, दिनांक, समय, 日時, 送信日時, 日付, 受付日時, 日期, 时间, 提交时间, 時間,
        날짜, 일시, 시간, 작성일, date time, datetime, date submitted, submission date, submission time,
        =received, received at, entry date, время отправки, время заявки, дата создания, дата надсилання,
        datum uhrzeit, eingang, eingegangen am, gesendet um, date et heure, date d envoi, fecha y hora,
        data e ora, data di invio, enviado em, enviada em, tarih ve saat, data i godzina, wysłano,
        data zgłoszenia, تاریخ و زمان, وقت الإرسال, التاريخ والوقت, भेजने का समय, 送信日, 受信日時, 登録日時,
        お問い合わせ日時, 送信时间, 留言时间, 创建时间, 접수일, 접수일시, 등록일, 작성일시, 문의일시
    """,
    Role.COUNTRY: """
        country, страна, країна, =land, pays, país, paese, nazione, ülke, kraj, کشور, البلد, الدولة, בלד, מדינה,
        देश, 国, 国名, 国家, 國家, 국가, =region, область, регион, bundesland, région, provincia, província,
        regione, =estado, województwo, استان, المنطقة, राज्य, 都道府県, 省份, =省, 시도
    """,
    Role.CITY: """
        city, town, город, населенный пункт, місто, stadt, =ort, ville, ciudad, città, cidade, şehir, =il, miasto,
        شهر, المدينة, עיר, शहर, =市, 市区町村, 城市, 도시, town city, ваш город, wohnort, localité, localidad,
        población, municipio, località, comune, localidade, miejscowość, bulunduğunuz şehir, ilçe, محل سکونت,
        مدينتك, 市町村, 所在地区, 所在城市, 地区, 所在地, 지역, 거주지
    """,
    Role.ADDRESS: """
        address, postal address, street, street address, delivery address, shipping address, zip, zip code,
        postcode, postal code, адрес, адрес доставки, улица, индекс, почтовый индекс, адреса, вулиця,
        адреса доставки, adresse, anschrift, straße, strasse, plz, postleitzahl, adresse postale, rue,
        code postal, dirección, calle, código postal, dirección de envío, indirizzo, =via, =cap, endereço, =rua,
        adres, cadde, posta kodu, ulica, kod pocztowy, آدرس, آدرس پستی, کد پستی, العنوان, الرمز البريدي, כתובת,
        מיקוד, पता, पिन कोड, 住所, ご住所, 郵便番号, 地址, 邮编, 郵遞區號, 주소, 우편번호
    """,
    Role.KANA: """
        フリガナ, ふりがな, カナ, かな, お名前 フリガナ, 読み仮名, よみがな, セイメイ, お名前 かな
    """,
    Role.FIRST_NAME: """
        first name, firstname, given name, forename, vorname, prénom, primer nombre, nombre de pila,
        primeiro nome, imię, =first, =名, 名字, 이름 =first, שם פרטי, الاسم الأول, نام کوچک, पहला नाम, fname,
        first names, given names, votre prénom, ihr vorname, imiona
    """,
    Role.LAST_NAME: """
        last name, lastname, surname, family name, фамилия, прізвище, nachname, familienname, zuname,
        nom de famille, apellido, apellidos, cognome, sobrenome, apelido, soyadı, soyad, soyadınız, nazwisko,
        نام خانوادگی, اسم العائلة, الكنية, שם משפחה, उपनाम, अंतिम नाम, =姓, 苗字, 姓氏, 성씨, lname, second name,
        familyname, último nome, apellido paterno, secondo nome, soyisim, soyisminiz, soyadi, الاسم الأخير, اللقب,
        संबोधन, =성
    """,
    Role.NAME: """
        ordered by, placed by, bestellt von, commandé par, pedido por, ordinato da, законный представитель,
        законний представник, legal guardian, erziehungsberechtigte, erziehungsberechtigter, responsable légal,
        responsable,
        tuteur, tutor legal, genitore, responsável, opiekun, veli, teacher, parents, name der eltern, eltern,
        lead guest, הורה, שם ההורה, שם המטופל, שם הלקוח, whos asking,
        enter your name,
        patient, patients name, student, pupil, applicant, candidate, hirer, tenant, participant, parent, guardian,
        rider,
        member name, booker, booked by, reporter, complainant, prospect, subscriber, respondent, пациент*, ученик*,
        студент*, слушател*, соискател*, кандидат*, участник*, родител*, гость, гостя, абонент*, плательщик фио,
        посетител*, пацієнт*, учень, учня, студент, учасник*, гість, гостя, відвідувач*, заявник*, patientin, patienten,
        interessent, interessentin, bewerber, bewerberin, teilnehmer, teilnehmerin, anmelder, besteller, gast, mieter,
        schüler, elternteil, auftraggeber, antragsteller, demandeur, candidat, participant, élève, patient, locataire,
        client, visiteur, acheteur, réservé par, parent, paciente, alumno, alumna, solicitante, interesado, candidato,
        huésped, participante, comprador, titular, paziente, candidato, ospite, partecipante, richiedente, acquirente,
        intestatario, a nome di, prenotato da, hóspede, aluno, requerente, visitante, interessado, pacjent*, gość,
        uczeń,
        uczestnik*, zamawiając*, zgłaszając*, kandydat*, rezerwując*, hasta adı, hasta, misafir, öğrenci, katılımcı,
        başvuran, ziyaretçi, ziyaretçi adı, aday, نام بیمار, بیمار, مراجع, متقاضی, مهمان, دانشجو, دانش آموز, المريض,
        اسم المريض, الضيف, اسم الضيف, الطالب, اسم الطالب, مقدم الطلب, الزائر, מטופל, אורח, תלמיד, מועמד, פונה, שם הפונה,
        मरीज का नाम, छात्र का नाम, विद्यार्थी, अतिथि, आवेदक, 患者名, 予約者, 予約者名, ご予約者名, 申込者, 申込者名,
        お申込者,
        代表者, 代表者氏名, 応募者名, 生徒名, 患者姓名, 学生姓名, 预约人, 预订人, 申请人, 客户称呼, 报名人, 訂位人,
        申請人,
        예약자, 예약자명, 신청인, 신청자명, 주문자, 주문자명, 환자명, 학생명, 지원자명, 참가자명, 접수자,
        name, names, your name, full name, fullname, =contact, contact name, contact person, customer,
        customer name, client, client name, sender, sender name, author, reviewer, buyer, visitor, guest,
        attendee, sent by, =from, =by, who are you, имя, имени, ф и о, фио, фамилия имя, фамилия имя отчество,
        имя и фамилия, имя фамилия, фамилия и имя, как вас зовут, как к вам обращаться, обращение к вам,
        контактное лицо, контакт, клиент*, заказчик*, покупател*, отправител*, автор*, заявител*, представьтесь,
        =от, =от кого, =отправлено от, имя отправителя, имя клиента, представник, ім'я, імені, пib, піб, ім я,
        імя, прізвище та ім'я, ім'я та прізвище, клієнт*, замовник*, відправник*, =від, =від кого,
        контактна особа, як вас звати, vor und nachname, vor und zuname, ihr name, kunde, kundin, kundenname,
        ansprechpartner, absender, =von, verfasser, nom, votre nom, nom et prénom, prénom et nom, nom complet,
        expéditeur, auteur, =de, contact, nombre, su nombre, tu nombre, nombre completo, nombre y apellidos,
        nombre y apellido, remitente, autor, cliente, persona de contacto, =de parte de, nome, il tuo nome,
        nome completo, nome e cognome, nominativo, mittente, autore, =da, referente, seu nome, nome e sobrenome,
        remetente, contato, =ad, adı, adınız, isim, isminiz, ad soyad, adı soyadı, adınız soyadınız, gönderen,
        müşteri, yazar, =kimden, yetkili kişi, imię i nazwisko, nadawca, twoje imię, klient*, =od,
        osoba kontaktowa, نام, نام شما, نام و نام خانوادگی, نام کامل, فرستنده, نویسنده, مشتری, =از, =از طرف,
        نام مشتری, الاسم, اسم, اسمك, الاسم الكامل, اسمك الكامل, المرسل, الاسم بالكامل, العميل, الكاتب, المؤلف,
        =من, اسم العميل, =שם, שמך, שם מלא, השם שלך, שולח, לקוח, =מאת, नाम, आपका नाम, पूरा नाम, ग्राहक, प्रेषक, लेखक,
        की ओर से, किसकी ओर से, द्वारा, お名前, 名前, 氏名, ご氏名, 御名前, 担当者, ご担当者, 担当者名, 差出人,
        送信者, 投稿者, お客様名, 姓名, 您的姓名, 联系人, 称呼, 发件人, 客户, 作者, 聯絡人, 寄件人, =来自,
        您的名字, 이름, 성명, 성함, 보낸 사람, 보낸이, 발신자, 작성자, 고객명, 담당자, first and last name,
        first last name, name and surname, name surname, your full name, guest name, =person, lead name,
        как обращаться, как к вам, имя посетителя, имя заявителя, имя контактного лица, имя и отчество,
        прізвище імя, прізвище імя по батькові, як до вас звертатися, звертатися, vorname nachname,
        vorname und nachname, vorname name, nachname vorname, wie heißen sie, kontaktperson, ansprechpartnerin,
        anrede und name, name des kunden, nom prénom, prénom nom, nom et prénoms, personne à contacter,
        interlocuteur, votre nom et prénom, vos nom et prénom, cómo te llamas, cómo se llama, nombre de contacto,
        nombre del cliente, apellidos y nombre, come ti chiami, nome cognome, cognome e nome, nome del cliente,
        persona di contatto, contatto, nome sobrenome, nome e apelido, pessoa de contato, pessoa de contacto,
        nome do cliente, qual é o seu nome, como se chama, nazwisko i imię, imię nazwisko, jak się nazywasz,
        jak masz na imię, twoje imię i nazwisko, pana pani imię, isim soyisim, isim soyad, ad ve soyad,
        ad soyisim, ad soyadı, yetkili, müşteri adı, نام و نام خانوادگی شما, اسم شما, نام فرستنده, ما اسمك,
        الاسم الثلاثي, اسم المرسل, الاسم واللقب, اسم صاحب الطلب, अपना नाम, आपका पूरा नाम, संपर्क व्यक्ति, भेजने वाला,
        お客様氏名, お客様のお名前, ご担当者名, ご担当者様名, ご担当者様, 代表者名, ご芳名, 姓名全名, 联系人姓名,
        称谓, 您的称呼, 客户名称, 客户姓名, 访客, 訪客, 聯絡人姓名, 联络人, 怎么称呼您, 담당자명, 담당자 성함,
        문의자, 신청자, 고객님 성함, 성명 이름, 문의자명, name vorname, contacto, フルネーム, 全名, inviato da,
        enviado por, eingereicht von, прислал, заполнил, completed by, requester, requested by
    """,
    Role.MESSAGE: """
        special instructions, instructions, special requirements, special wishes, notes for us, complaints, complaint,
        жалоба, особые пожелания, скарги, скарга, побажання, hinweis, hinweise, sonderwünsche,
        was möchten sie uns mitteilen,
        was sie uns noch sagen möchten, instructions particulières, demandes particulières, vos souhaits, souhaits,
        peticiones especiales, instrucciones, motivo de la visita, richieste particolari, intolleranze o richieste,
        pedidos especiais, co się dzieje, dodatkowe życzenia, özel istekler, şikayet, şikayetiniz, شکایت, توضیحات بیمار,
        طلبات خاصة, الشكوى, בקשות מיוחדות, विशेष अनुरोध, 特记事项, 特別なご要望, 装修要求, 要求, 特殊要求,
        요청하실 내용,
        what happened, what is wrong, whats wrong, problem, problem description, issue, fault, fault description,
        symptoms,
        что случилось, что произошло, проблема, описание проблемы, неисправность, описание неисправности, жалобы,
        симптомы,
        що сталося, що трапилося, опис проблеми, несправність, problembeschreibung, fehlerbeschreibung,
        was ist passiert,
        beschwerden, problème, description du problème, problema, descripción del problema, descrizione del problema,
        descrição do problema, sorun, arıza, opis problemu, opis usterki, مشکل, المشكلة, הבעיה, समस्या, 症状, 故障,
        问题说明, 증상, task, task description, wish, wishes, project, message, your message, message body,
        message text, comment, comments, comment or message,
        comments or questions, special requests, reason for visit, richieste, wünsche, inquiry, enquiry,
        your inquiry, your enquiry, question, questions, your question, query, details, project details,
        description, feedback, review text, review, remarks, =note, =notes, order notes, =body, request,
        your request, =text, =content, additional information, additional info, wie können wir helfen,
        wie können wir ihnen helfen, comment pouvons nous vous aider, cómo podemos ayudarle,
        cómo podemos ayudarte, come possiamo aiutarti, come possiamo aiutarla, como podemos ajudar,
        como podemos ajudá lo, w czym możemy pomóc, size nasıl yardımcı olabiliriz, чим ми можемо допомогти,
        чем можем помочь, how can we help, how can we help you, what can we help you with, how may we help you,
        tell us more, tell us about your project, what do you need, anything else, suggestions, сообщени*,
        текст сообщения, ваше сообщение, комментари*, вопрос*, ваш вопрос, текст, текст вопроса, отзыв,
        текст отзыва, пожелани*, примечани*, описание, описание задачи, обращение, текст обращения,
        суть обращения, заявка, задача, подробности, дополнительная информация, что нужно сделать,
        чем мы можем помочь, расскажите о проекте, повідомлен*, текст повідомлення, коментар*, питання,
        ваше питання, запитання, звернення, відгук, побажання, опис, примітк*, nachricht, ihre nachricht,
        nachrichtentext, mitteilung, kommentar*, anfrage, ihre anfrage, ihr anliegen, anliegen, frage, fragen,
        bemerkung, bemerkungen, anmerkung, anmerkungen, beschreibung, text der nachricht, ihre frage, rückmeldung,
        votre message, corps du message, commentaire, commentaires, votre demande, demande, remarque, remarques,
        texte du message, précisions, votre question, contenu du message, mensaje, su mensaje, tu mensaje,
        cuerpo del mensaje, comentario, comentarios, consulta, su consulta, pregunta, observaciones, descripción,
        messaggio, il tuo messaggio, corpo del messaggio, commento, commenti, richiesta, domanda, testo,
        testo del messaggio, descrizione, note, mensagem, sua mensagem, corpo da mensagem, comentário,
        comentários, pergunta, dúvida, observações, descrição, solicitação, mesaj, mesajınız, mesaj metni,
        mesaj gövdesi, ileti, ileti gövdesi, iletiniz, yorum, yorumunuz, soru, sorunuz, açıklama, notlar, talep,
        talebiniz, wiadomość, twoja wiadomość, treść wiadomości, treść, komentarz, pytanie, zapytanie, uwagi,
        =opis, پیام, پیام شما, متن پیام, محتوای پیام, متن, دیدگاه, نظر, نظر شما, پرسش, سوال, سؤال, توضیحات, شرح,
        درخواست, الرسالة, رسالة, رسالتك, نص الرسالة, محتوى الرسالة, التعليق, تعليق, تعليقك, الاستفسار, استفسار,
        السؤال, ملاحظات, الوصف, الطلب, التفاصيل, הודעה, תוכן ההודעה, ההודעה שלך, גוף ההודעה, תגובה, הערות, שאלה,
        פנייה, תוכן הפנייה, פרטים, संदेश, आपका संदेश, संदेश का मुख्य भाग, संदेश लिखने की जगह, मैसेज, टिप्पणी, प्रश्न,
        सवाल, पूछताछ,
        विवरण, सुझाव, メッセージ, メッセージ本文, 本文, 内容, お問い合わせ内容, お問合せ内容, お問い合わせ,
        コメント, ご質問, 質問, ご要望, ご意見, ご相談内容, 備考, 詳細, 留言, 留言内容, 消息, 信息内容, 消息正文,
        评论, 问题, 咨询内容, 备注, 需求, 描述, 訊息, 留言內容, 評論, 備註, 內容, 메시지, 메세지, 내용, 문의내용,
        문의 내용, 문의사항, 댓글, 질문, 요청사항, 남기실 말씀, 본문, what would you like to know,
        what can we do for you, what are you looking for, how can we assist you, how may we assist you,
        write your message, leave a message, your comment, your comments, additional comments, further details,
        further information, other information, describe your project, describe your request, describe your needs,
        project description, your needs, your project, message to us, =other, =info, tell us what you need,
        questions or comments, comments questions, reason for contact, reason for contacting us, request details,
        enquiry details, inquiry details, details of your enquiry, details of your inquiry,
        details of your request, message content, message details, message contents, that you need,
        опишите задачу, опишите вашу задачу, опишите ваш вопрос, опишите проект, опишите проблему, опишите,
        напишите, напишите нам, задайте вопрос, ваш комментарий, комментарий к заказу, комментарий к заявке,
        дополнительно, доп информация, дополнительные пожелания, дополнительные сведения, о чем хотите спросить,
        что вы хотите узнать, что вам нужно, что вас интересует, чем помочь, чем мы можем вам помочь,
        ваше обращение, ваши пожелания, ваша задача, ваш запрос, запрос, содержание, содержание обращения,
        примечание к заказу, опишіть, опишіть ваше завдання, ваше завдання, завдання, чим можемо допомогти,
        чим ми можемо вам допомогти, додаткова інформація, що вас цікавить, ваш коментар, зміст, текст звернення,
        текст запитання, was können wir für sie tun, weitere informationen, weitere angaben,
        zusätzliche informationen, beschreiben sie, beschreiben sie ihr projekt, ihr projekt, projektbeschreibung,
        nachricht an uns, ihre mitteilung, wünsche und anregungen, ihre wünsche, ihre frage an uns, frage an uns,
        freitext, sonstiges, inhalt der nachricht, nachrichteninhalt, worum geht es, décrivez votre projet,
        décrivez votre demande, décrivez votre besoin, votre projet, votre besoin, informations complémentaires,
        information complémentaire, votre commentaire, vos commentaires, dites nous, objet de votre demande,
        détail de votre demande, détails, autres informations, en quoi pouvons nous vous aider,
        que pouvons nous faire pour vous, en qué podemos ayudarte, en qué podemos ayudarle,
        en qué te podemos ayudar, cuéntanos, cuéntenos, cuéntanos tu proyecto, escribe tu consulta,
        escriba su mensaje, escribe tu mensaje, información adicional, otros comentarios, su comentario,
        tu comentario, detalle de la consulta, detalles, su pregunta, =motivo de la consulta, la tua richiesta,
        la sua richiesta, il suo messaggio, scrivi il tuo messaggio, scrivi qui, descrivi,
        descrivi il tuo progetto, il tuo progetto, raccontaci, informazioni aggiuntive, altre informazioni,
        ulteriori informazioni, dettagli, in cosa possiamo aiutarti, la tua domanda, osservazioni, conte nos,
        conte nos sobre o seu projeto, fale sobre o seu projeto, descreva, descreva o seu pedido,
        descreva sua necessidade, deixe sua mensagem, escreva sua mensagem, em que podemos ajudar,
        como podemos ajudá la, informações adicionais, outras informações, detalhes, a sua mensagem, o seu pedido,
        seu comentário, sua dúvida, opisz, opisz swój projekt, opis projektu, dodatkowe informacje,
        treść zapytania, treść pytania, twoje pytanie, napisz do nas, w czym możemy ci pomóc, jak możemy pomóc,
        czego szukasz, projenizi anlatın, projenizi, ek bilgiler, ek bilgi, notunuz, mesaj içeriği, detaylar,
        istek, isteğiniz, görüşleriniz, talep detayı, bize yazın, nasıl yardımcı olabiliriz,
        چطور می توانیم کمکتان کنیم, چگونه می توانیم کمک کنیم, پرسش شما, پیغام, پیغام شما, متن درخواست,
        شرح درخواست, سؤال شما, توضیح, توضیحات شما, توضیحات تکمیلی, پروژه, كيف يمكننا مساعدتك, كيف نساعدك, سؤالك,
        طلبك, تفاصيل, تفاصيل الطلب, تفاصيل الرسالة, اكتب رسالتك, اكتب رسالتك هنا, استفسارك, ملاحظاتك,
        معلومات إضافية, محتوى, مضمون الرسالة, हम आपकी क्या मदद कर सकते हैं, हम आपकी कैसे मदद कर सकते हैं,
        अपनी आवश्यकता बताएं, आवश्यकता, आपकी आवश्यकता, अपना संदेश लिखें, अतिरिक्त =जानकारी, आपका सवाल, जानकारी,
        आपकी टिप्पणी,
        お問い合わせ詳細, ご質問内容, ご依頼内容, 依頼内容, 相談内容, 具体的な内容, 問い合わせ内容, ご相談,
        =その他, ご意見ご感想, 通信欄, 您想咨询什么, 咨询问题, 问题描述, 需求描述, 项目描述, 请输入您的需求,
        您的需求, 您的问题, 您的留言, 内容描述, 补充说明, 详细描述, 反馈内容, 意见反馈, 其他说明, 詢問內容,
        您的訊息, 諮詢內容, 需求說明, 무엇을 도와드릴까요, 어떻게 도와드릴까요, 문의, 기타 문의, 상담내용,
        상담 내용, 문의하실 내용, 요청내용, 요청 사항, 하고 싶은 말, 상세내용, 상세 내용, =기타, 남기실말씀, 메모,
        비고, ihr text, =inhalt, texte, vos besoins, =contenu, texto, =duda, dudas, =solicitud, =notas,
        =contenido, ご用件, یادداشت, conteúdo, contenuto, texto da mensagem, 문의 사항, =text der anfrage, 正文,
        ملاحظة, विषयवस्तु, memo
    """,
}

_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_BRACKETED = re.compile(r"\([^()]{0,60}\)|（[^（）]{0,60}）|\[[^\[\]]{0,60}\]")
_APOSTROPHES = re.compile("['’ʼ`´׳״\"]")
_PARTS: Final = frozenset((Role.FIRST_NAME, Role.LAST_NAME, Role.KANA))
"""What a remark in brackets makes of a name: `Name (first)`, `お名前（姓）`."""
_NO_WORD = re.compile(r"[\W_]+")
_LETTERS = str.maketrans(
    {
        "ı": "i",
        "ß": "ss",
        "ي": "ی",
        "ى": "ی",
        "ك": "ک",
        "ة": "ه",
        "ـ": "",
        "\u200c": " ",
        "\u200d": "",
        "ł": "l",
        "ø": "o",
    }
)
_UNSPACED = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
"""Kana, Han and Hangul: words are not parted by spaces, or carry particles."""

_LATIN_END = re.compile("[a-z]{2,12}$")
"""`送信元IP`, `会社URL`"""

_FILLERS = frozenset(("required", "optional", "обязательно", "pflichtfeld"))
_POSSESSIVES = frozenset(
    word
    for words in (
        "your ваш ваша ваше ваши ваші ihr ihre dein deine votre vos",
        "su sus tu tus seu sua suo tuo tua",
        "twoj",
    )
    for word in words.split(" ")
)
"""`Your phone` is as surely a field as `Phone`."""
_RANK = {role: rank for rank, role in enumerate(Role)}
_MAX_WORDS = 10
MAX_LABEL: Final = 120
"""Characters. Longer lines are no labels, and must not fill the caches below."""
_MAX_PHRASE = 5


@lru_cache(maxsize=4096)
def fold(label: str) -> str:
    """`label` for comparing: lower case, without accents, punctuation, decorations, bracketed remarks and underscores.

    Arabic and Persian letter forms become one, `e-mail`, `E_Mail` and `eMail` become `e mail`.
    """
    plain = _BRACKETED.sub(" ", _CAMEL.sub(" ", unicodedata.normalize("NFKC", label)))
    plain = _APOSTROPHES.sub("", plain).casefold().translate(_LETTERS)
    decomposed = unicodedata.normalize("NFKD", plain)
    bare = "".join(letter for letter in decomposed if unicodedata.category(letter)[0] != "M")
    return " ".join(
        word for word in _NO_WORD.sub(" ", unicodedata.normalize("NFC", bare)).split() if word not in _FILLERS
    )


@lru_cache(maxsize=4096)
def role_of(label: str) -> Role | None:
    """What the field called `label` means; None for a name that is not in the vocabulary."""
    folded = fold(label) if len(label) <= MAX_LABEL else ""
    words = folded.split()
    if not words or len(words) > _MAX_WORDS:
        return None
    if remark := _BRACKETED.search(label):
        remarked, whole = _exact().get(fold(remark[0][1:-1])), _exact().get(folded)
        if remarked in _PARTS or (remarked in (Role.EMAIL, Role.PHONE) and whole in (None, Role.NAME)):
            return remarked
    if folded in _exact():
        return _exact()[folded]
    if "/" in label and (first := _exact().get(fold(label.partition("/")[0]))):
        return first
    if _UNSPACED.search(folded):
        if (latin := _LATIN_END.search(folded)) and latin[0] in _exact():
            return _exact()[latin[0]]
        if found := list(_unspaced_finds(folded)):
            return max(found)[2]
    spaced = list(_spaced_finds(words))
    return min(spaced)[2] if spaced else None


def is_label(text: str) -> bool:
    """Whether `text` is, as a whole and without any doubt, the name of a field."""
    if len(text) > MAX_LABEL:
        return False
    folded = fold(text)
    if folded in _exact():
        return True
    first, _, rest = folded.partition(" ")
    return (first in _POSSESSIVES and rest in _exact()) or (
        bool(folded) and not rest and _stem_role(folded) is not None
    )


def _spaced_finds(words: list[str]) -> Iterator[tuple[int, int, Role]]:
    """Every phrase of the vocabulary among `words`: minus its length in words, the rank of its role, the role."""
    for size in range(min(len(words), _MAX_PHRASE), 0, -1):
        for start in range(len(words) - size + 1):
            role = _within().get(" ".join(words[start : start + size]))
            if role is None and size == 1:
                role = _stem_role(words[start])
            if role is not None and _names_it(role, start, size, len(words)):
                yield -size, _RANK[role], role


def _names_it(role: Role, start: int, size: int, words: int) -> bool:
    """Whether a find counts: a word for the message also stands in sentences (`Three wishes remain:`)."""
    return role is not Role.MESSAGE or (words <= 2 * size + 2 and (start == 0 or start + size == words))


def _unspaced_finds(folded: str) -> Iterator[tuple[int, int, Role]]:
    """Every phrase within `folded`: where its last place ends, its length, the role.

    Japanese, Chinese and Korean put what a thing is last (`お問い合わせ商品` is a product).
    """
    for phrase, role in _unspaced_phrases():
        at = folded.rfind(phrase)
        if at >= 0:
            yield at + len(phrase), len(phrase), role


@cache
def _unspaced_phrases() -> tuple[tuple[str, Role], ...]:
    found = _within().items()
    return tuple((phrase, role) for phrase, role in found if len(phrase) > 1 and _UNSPACED.match(phrase[-1]))


def _stem_role(word: str) -> Role | None:
    return next((_stems()[word[:size]] for size in range(len(word), 2, -1) if word[:size] in _stems()), None)


def _entries() -> Iterator[tuple[Role, str]]:
    told = [*_PHRASES.items(), *((Role(role), phrases) for role, phrases in MORE.items())]
    for role, phrases in told:
        for phrase in phrases.replace("\n", " ").split(","):
            if phrase.strip():
                yield role, phrase.strip()


@cache
def _exact() -> dict[str, Role]:
    """Whole labels, the short ones that are also prepositions included."""
    exact: dict[str, Role] = {}
    for role, phrase in _entries():
        exact.setdefault(fold(phrase.strip("=*")), role)
    return exact


@cache
def _within() -> dict[str, Role]:
    """Phrases that also count inside a longer label."""
    within: dict[str, Role] = {}
    for role, phrase in _entries():
        if phrase[0] != "=":
            within.setdefault(fold(phrase.strip("*")), role)
    return within


@cache
def _stems() -> dict[str, Role]:
    return {fold(phrase[:-1]): role for role, phrase in _entries() if phrase[-1] == "*"}


_SENT = """
    sent submitted received envoye envoyee enviado enviada enviou envio inviat ricevut gesendet versendet ubermittelt
    отправлен прислан получен надіслан wyslan gonderil iletil ارسال دریافت ارسل إرسال נשלח भेजा प्रेषित 送信され 送信 发送
    發送 提交 전송 발송
"""
_PLACE = """
    form formul modul kontaktform webform onlineform форм فرم نموذج טופס फॉर्म फ़ॉर्म प्रपत्र フォーム 表单 表單 양식 폼
    website webseite site сайт sitio sito سایت موقع אתר वेबसाइट サイト 网站 網站 사이트 witryn stron sitesi siten
"""
_MAIL = """
    e email mail message notification submission enquiry inquiry письмо сообщение уведомление заявка лист
    повідомлення nachricht mitteilung anfrage courriel mel correo mensaje messaggio mensagem eposta ileti mesaj
    wiadomosc ایمیل پیام رساله بريد הודעה מייל ईमेल संदेश メール 邮件 郵件 消息 메일
"""
_NEWS = """
    lead submission submitted enquiry inquiry form formul kontaktform webform заявк обращени форм звернен anfrage
    solicitud consulta demande richiesta modulo pedido solicitacao talep basvuru zgloszen zapytan فرم درخواست
    callback rückruf rappel звонка перезвон передзвон дзвінок дзвінка oddzwon
    نموذج طلب טופס פנייה फॉर्म फ़ॉर्म पूछताछ フォーム 問い合わせ 问い合わせ 表单 表單 留言 咨询 문의 폼 양식
"""
_SENT += tongues.SENT
_PLACE += tongues.PLACE
_MAIL += tongues.MAIL
_NEWS += tongues.NEWS
_MACHINE = """
    для просмотра воспользуйтесь ссылкой, view submission, manage submission, look like spam, report it here,
    view entry, generated automatically, automatically generated, сгенерировано автоматически,
    створено автоматично, automatisch generiert, automatisch erstellt, genere automatiquement,
    generado automaticamente, generato automaticamente, gerado automaticamente, otomatik olarak, 自動送信,
    自动发送, 자동으로 발송, powered by, reply to this email, reply directly to this email, reply to this message,
    to reply to this, ответьте на это письмо, просто ответьте на, щоб відповісти, antworten sie auf diese,
    antworten sie einfach auf, repondez a cet, repondre a cet, responda a este, rispondi a questa,
    beantwoord deze, odpowiedz na te, bu e postayi yanitla, このメールに返信, 回复此邮件, 이 메일에 회신,
    the results of this submission, los resultados de este envio, les resultats de cette soumission,
    die ergebnisse dieser, i risultati di questo invio, os resultados deste envio, wyniki tego zgloszenia,
    результаты этой отправки, результаты этого заполнения, view full entry, view entry, view response,
    view the response, view in dashboard, view full response,
    sent by an unverified visitor, sent by a verified visitor
"""


_ARTICLE = "ال"
"""Arabic writes it together with the word."""
_AUTOMATIC = "automat autom автомат otomat otomatik 自動 自动 자동 خودکار تلقائي स्वचालित אוטומט"
_MADE = """
    gener gerad gerada erstell creat criad cread creato cree сгенерир сформир созда створ olustur wygener utworz
    生成 생성 تولید ایجاد انشاء बनाया sent send reply repond respond antwort отвеча відповід responda 返信 回复 회신
"""


def says_sent(line: str) -> bool:
    """Whether `line` says that something was sent: `Sent from …`, `… a été envoyé …`."""
    return _mentions(fold(line), _SENT)


def says_form(text: str) -> bool:
    """Whether `text` announces a form or a lead: `You have a new submission`."""
    folded = fold(text)
    return _mentions(folded, _NEWS) or "call back" in folded


def says_site(text: str) -> bool:
    """Whether `text` speaks of a site or a form: `A visitor of your website …`."""
    return _mentions(fold(text), _PLACE)


@lru_cache(maxsize=1024)
def says_origin(line: str) -> bool:
    """Whether `line` tells that this mail was sent from a form or site, or written by a machine.

    The mail or the sending must be what the line begins with: people write `I sent you the form` in their messages.
    """
    folded = fold(line)
    if folded.startswith("sent via ") or _machine_phrases().search(folded):
        return True
    if _mentions(folded, _AUTOMATIC) and (_mentions(folded, _MADE) or _mentions(folded, _SENT)):
        return True
    one, two = (folded[:6],) * 2 if _UNSPACED.match(folded) else (folded.split(" ")[0], " ".join(folded.split()[:2]))
    announced = _mentions(one, _SENT) or _mentions(two, _MAIL)
    return announced and _mentions(folded, _SENT) and _mentions(folded, _PLACE)


def _mentions(folded: str, stems: str) -> bool:
    if _UNSPACED.search(folded) and any(stem in folded for stem in _unspaced_of(stems)):
        return True
    begins = _stems_of(stems)
    return any(word.removeprefix(_ARTICLE).startswith(begins) for word in folded.split())


@cache
def _stems_of(words: str) -> tuple[str, ...]:
    return tuple(folded for word in words.split() if not _UNSPACED.search(folded := fold(word)))


@cache
def _unspaced_of(words: str) -> tuple[str, ...]:
    return tuple(folded for word in words.split() if _UNSPACED.search(folded := fold(word)))


@cache
def _machine_phrases() -> re.Pattern[str]:
    return re.compile("|".join(re.escape(fold(phrase)) for phrase in _MACHINE.split(",")))
