from flask import Flask, jsonify, request

app = Flask(__name__)


@app.route("/_calculate")
def calculate():
    number1 = request.args.get("number1", "0")
    operator = request.args.get("operator", "+")
    number2 = request.args.get("number2", "0")
    try:
        result = eval(number1 + operator + number2)
    except Exception:
        result = "Error!"
    return jsonify(result=result)
